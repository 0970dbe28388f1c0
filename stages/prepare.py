"""prepare: the zip in data/raw/ → training, validation and test ratings as tensors, users, movies, facts.

`user` and `movie` are contiguous indices in the order of MovieLens's ids; movies without a rating have none.
"""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Int
from torch import Tensor

from stages import command, tensors
from stages.command import UserError
from stages.movielens import catalogue, checks, layouts
from stages.movielens.movies import split_year
from stages.movielens.ratings import Ratings
from stages.outputs import Metrics, write_bytes, write_csv, write_metrics
from stages.params import Parameters, Seed, Share
from stages.randomness import derive

YEARS_IN_PERIOD = 5


class PrepareParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, for the facts."""
    seed: Seed
    """Root of the random split."""
    split: Literal["random", "temporal"]
    """What is held out: ratings at random, or the newest."""
    test_fraction: Share
    """Share of all ratings that only the evaluation sees."""
    validation_fraction: Share
    """Share of all ratings on which choices are made."""


class Split(NamedTuple):
    """Rows of the ratings, each in one of three parts."""

    train: Int[Tensor, " n_train"]
    validation: Int[Tensor, " n_validation"]
    test: Int[Tensor, " n_test"]


def main(raw: Path, prepared: Path, metrics: Path, params: Path = Path("params.yaml")) -> None:
    """Read the zip in RAW, write tensors and tables into PREPARED and facts to METRICS."""
    parameters = PrepareParameters.load(params)
    archives = sorted(raw.glob("*.zip"))
    if len(archives) != 1:
        raise UserError(f"{raw} should hold one zip, not {len(archives)}; run: dvc repro -f fetch")
    release = layouts.read(archives[0])
    checks.check(release)
    ratings, user_ids, movie_ids = index(release.ratings)
    parts = split(parameters, ratings.timestamp)
    for name, rows in parts._asdict().items():
        write_bytes(prepared / f"{name}.pt", ratings[rows].serialize())
    movies = describe_movies(ratings, movie_ids, release.movies)
    write_csv(prepared / "users.csv", describe_users(ratings, user_ids))
    write_csv(prepared / "movies.csv", movies)
    write_csv(prepared / "tags.csv", describe_tags(release.tags, movie_ids))
    write_bytes(prepared / "side_information.pt", tensors.serialize(side_information(movies)))
    write_csv(prepared / "histogram.csv", histogram(ratings))
    facts = describe(ratings, parts, n_catalogue=len(release.movies))
    name = catalogue.short_name(parameters.dataset)
    synthetic = catalogue.is_synthetic(parameters.dataset)
    write_metrics(metrics, {"dataset": name, **facts}, synthetic=synthetic)
    print(f"prepare: {catalogue.label(parameters.dataset)}: ", end="")
    print(", ".join(f"{len(rows)} {part}" for part, rows in parts._asdict().items()), "ratings")


def index(frame: pd.DataFrame) -> tuple[Ratings, np.ndarray, np.ndarray]:
    """Ratings by contiguous index, and the ids that stand behind the indices of users and of movies."""
    user_ids, user = np.unique(frame["user_id"].to_numpy(), return_inverse=True)
    movie_ids, movie = np.unique(frame["movie_id"].to_numpy(), return_inverse=True)
    rating = torch.from_numpy(frame["rating"].to_numpy(dtype=np.float32, copy=True))
    timestamp = torch.from_numpy(frame["timestamp"].to_numpy(copy=True))
    columns = torch.from_numpy(user), torch.from_numpy(movie), rating, timestamp
    return Ratings(*columns, len(user_ids), len(movie_ids)), user_ids, movie_ids


def split(parameters: PrepareParameters, timestamp: Int[Tensor, " n_ratings"]) -> Split:
    """Hold out `test_fraction` and `validation_fraction` of the ratings, each rounded to whole ratings.

    random: a permutation drawn from `seed`. temporal: the newest ratings are the test ratings, those before
    them the validation ratings; on equal timestamps the later line counts as newer.

    Raises UserError when nothing is left to train on.
    """
    n_ratings = len(timestamp)
    n_test = round(parameters.test_fraction * n_ratings)
    n_validation = round(parameters.validation_fraction * n_ratings)
    n_train = n_ratings - n_test - n_validation
    if n_train < 1:
        raise UserError(
            f"of {n_ratings} ratings, test_fraction {parameters.test_fraction:g} and validation_fraction "
            f"{parameters.validation_fraction:g} leave none to train on; they must add up to less than 1"
        )
    if parameters.split == "temporal":
        order = torch.argsort(timestamp, stable=True)
    else:
        generator = torch.Generator().manual_seed(derive(parameters.seed, "split"))
        order = torch.randperm(n_ratings, generator=generator)
    train, validation, test = order.split([n_train, n_validation, n_test])
    return Split(train.sort().values, validation.sort().values, test.sort().values)


def describe_users(ratings: Ratings, user_ids: np.ndarray) -> pd.DataFrame:
    """user, user_id, n_ratings: a row per user, all ratings counted."""
    count = torch.bincount(ratings.user, minlength=ratings.n_users)
    return pd.DataFrame({"user": range(ratings.n_users), "user_id": user_ids, "n_ratings": count.numpy()})


def describe_movies(ratings: Ratings, movie_ids: np.ndarray, movies: pd.DataFrame) -> pd.DataFrame:
    """movie, movie_id, title, year, genres, n_ratings, mean_rating (stars): a row per rated movie.

    All ratings are counted, held-out ones too: these are facts to read, and no stage learns from them.
    """
    count = torch.bincount(ratings.movie, minlength=ratings.n_movies)
    total = torch.bincount(ratings.movie, weights=ratings.rating.double(), minlength=ratings.n_movies)
    known = movies.set_index("movie_id").loc[movie_ids]
    titles = [split_year(title) for title in known["title"]]
    return pd.DataFrame(
        {
            "movie": range(ratings.n_movies),
            "movie_id": movie_ids,
            "title": [title for title, _ in titles],
            "year": pd.array([year for _, year in titles], dtype="Int64"),
            "genres": known["genres"].replace(catalogue.NO_GENRES, "").to_numpy(),
            "n_ratings": count.numpy(),
            "mean_rating": (total / count).numpy().round(6),
        }
    )


def describe_tags(tags: pd.DataFrame, movie_ids: np.ndarray) -> pd.DataFrame:
    """movie, tag (lower case), n_users: how many people put each tag on each rated movie.

    Tags that only one person ever used are left out: they say something of the person, not of the movie.
    """
    rated = tags[tags["movie_id"].isin(movie_ids)]
    plain = pd.DataFrame(
        {
            "user_id": rated["user_id"],
            "movie": np.searchsorted(movie_ids, rated["movie_id"].to_numpy()),
            "tag": rated["tag"].str.strip().str.lower(),
        }
    )
    shared = plain[plain.groupby("tag")["user_id"].transform("nunique") > 1]
    return shared.groupby(["movie", "tag"])["user_id"].nunique().rename("n_users").reset_index()


def side_information(movies: pd.DataFrame) -> dict[str, Tensor]:
    """What is known of movies without any rating: a matrix (n_movies, width) for each name.

    genres: 1/√n in the columns of a movie's n genres, so that its row has length 1.
    period: 1 in the column of the five years in which it was released. Unknown is a row of zeros in both.
    """
    genres = torch.tensor(movies["genres"].str.get_dummies("|").to_numpy(), dtype=torch.float32)
    started = pd.get_dummies(movies["year"] // YEARS_IN_PERIOD, dtype="float32")
    return {
        "genres": torch.nn.functional.normalize(genres, dim=1) if genres.shape[1] else genres,
        "period": torch.tensor(started.to_numpy(dtype=np.float32)),
    }


def histogram(ratings: Ratings) -> pd.DataFrame:
    """rating (stars), n_ratings: how often each rating is given."""
    rating, count = torch.unique(ratings.rating, return_counts=True)
    return pd.DataFrame({"rating": rating.numpy(), "n_ratings": count.numpy()})


def describe(ratings: Ratings, parts: Split, n_catalogue: int) -> Metrics:
    """What there is to know about the data in numbers."""
    per_user = torch.bincount(ratings.user, minlength=ratings.n_users).double()
    per_movie = torch.bincount(ratings.movie, minlength=ratings.n_movies).double()
    matrix = ratings.n_users * ratings.n_movies
    return {
        "n_users": ratings.n_users,
        "n_movies": ratings.n_movies,
        "n_catalogue": n_catalogue,
        "n_ratings": len(ratings),
        "matrix_size": matrix,
        "density": len(ratings) / matrix,
        "mean_rating": ratings.rating.double().mean().item(),
        **{f"n_{name}": len(rows) for name, rows in parts._asdict().items()},
        "ratings_per_user": _spread(per_user),
        "ratings_per_movie": _spread(per_movie),
    }


def _spread(count: Tensor) -> Metrics:
    return {
        "min": int(count.min()),
        "median": count.quantile(0.5).item(),
        "mean": count.mean().item(),
        "max": int(count.max()),
    }


if __name__ == "__main__":
    command.run(main)
