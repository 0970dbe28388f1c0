"""Tables of users, movies and tags, side information on movies, and summary statistics."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from stages.core.files import Metrics, load
from stages.movielens import catalogue
from stages.movielens.ratings import Ratings, SideInformation
from stages.movielens.title_format import split_year


def users_table(ratings: Ratings, user_ids: np.ndarray) -> pd.DataFrame:
    """user, user_id, n_ratings: a row per user, all ratings counted."""
    count = torch.bincount(ratings.user, minlength=ratings.n_users)
    return pd.DataFrame({"user": range(ratings.n_users), "user_id": user_ids, "n_ratings": count.numpy()})


def movies_table(ratings: Ratings, movie_ids: np.ndarray, movies: pd.DataFrame) -> pd.DataFrame:
    """movie, movie_id, title, year, genres, n_ratings, mean_rating (stars), imdb_id, tmdb_id: rated movies.

    All ratings are counted, also those held out, since no stage learns from these columns. A movie without a
    title, or that `movies` does not list, is called `untitled (id …)`.
    """
    count = torch.bincount(ratings.movie, minlength=ratings.n_movies)
    total = torch.bincount(ratings.movie, weights=ratings.rating.double(), minlength=ratings.n_movies)
    columns = ["title", "genres", "imdb_id", "tmdb_id"]
    listed = movies.set_index("movie_id").reindex(index=movie_ids, columns=columns, fill_value="")
    untitled = [f"untitled (id {movie_id})" for movie_id in movie_ids]
    titles = listed["title"].mask(listed["title"].str.strip() == "", untitled).map(split_year)
    return pd.DataFrame(
        {
            "movie": range(ratings.n_movies),
            "movie_id": movie_ids,
            "title": [title for title, _ in titles],
            "year": pd.array([year for _, year in titles], dtype="Int64"),
            "genres": listed["genres"].replace(catalogue.NO_GENRES, "").to_numpy(),
            "n_ratings": count.numpy(),
            "mean_rating": (total / count).numpy().round(6),
            "imdb_id": _ids(listed["imdb_id"]),
            "tmdb_id": _ids(listed["tmdb_id"]),
        }
    )


def read_movies(path: Path, stage: str = "prepare", columns: list[str] | None = None) -> pd.DataFrame:
    """A table of movies that a stage wrote ("NA" is a title); UserError if it is missing or damaged."""
    integers = dict.fromkeys(["year", "imdb_id", "tmdb_id"], "Int64")
    gaps = dict.fromkeys([*integers, "x", "y"], "")
    whole = dict.fromkeys(["movie", "movie_id", "n_ratings", "cluster"], "int64") | {"mean_rating": "float64"}
    options: Any = {"dtype": {**integers, **whole}, "keep_default_na": False, "na_values": gaps}

    def read(path: Path) -> pd.DataFrame:
        if not path.read_bytes().endswith(b"\n"):
            raise ValueError("its last line is not complete")
        movies: pd.DataFrame = pd.read_csv(path, usecols=columns, **options)
        return movies

    return load(path, read, stage)


def _ids(text: pd.Series) -> pd.api.extensions.ExtensionArray:
    """Whole numbers, missing where the text is anything else."""
    return pd.to_numeric(text.where(text.str.fullmatch("[0-9]{1,18}", na=False))).astype("Int64").array


def tags_table(tags: pd.DataFrame, movie_ids: np.ndarray) -> pd.DataFrame:
    """movie, tag (lower case), n_users (who gave it to this rated movie), n_users_of_tag (to any of them)."""
    rated = tags[tags["movie_id"].isin(movie_ids)]
    tag = rated["tag"].str.strip().str.lower()
    rated = rated.assign(movie=np.searchsorted(movie_ids, rated["movie_id"]), tag=tag)
    n_users = rated.groupby(["movie", "tag"], as_index=False).agg(n_users=("user_id", "nunique"))
    return n_users.assign(n_users_of_tag=n_users["tag"].map(rated.groupby("tag")["user_id"].nunique()))


def side_information(movies: pd.DataFrame) -> SideInformation:
    """Genres and period (of five years) of each row of the table of movies."""
    genres = torch.tensor(movies["genres"].str.get_dummies("|").to_numpy(), dtype=torch.float32)
    period = torch.tensor(pd.get_dummies(movies["year"] // 5).to_numpy(dtype=np.float32))
    return SideInformation(torch.nn.functional.normalize(genres, dim=1), period)


def histogram(ratings: Ratings) -> pd.DataFrame:
    """rating (stars), n_ratings: a row per value of the rating."""
    rating, count = torch.unique(ratings.rating, return_counts=True)
    return pd.DataFrame({"rating": rating.numpy(), "n_ratings": count.numpy()})


def summary_statistics(ratings: Ratings, n_catalogue: int) -> Metrics:
    """Density, mean rating, and how the ratings are distributed over users and movies."""
    return {
        "n_catalogue": n_catalogue,
        "density": len(ratings) / (ratings.n_users * ratings.n_movies),
        "mean_rating": ratings.rating.double().mean().item(),
        "ratings_per_user": _distribution(ratings.user),
        "ratings_per_movie": _distribution(ratings.movie),
    }


def _distribution(index: Tensor) -> Metrics:
    count = torch.bincount(index)
    middle = {"median": count.double().quantile(0.5).item(), "mean": count.double().mean().item()}
    return {"min": count.min().item(), **middle, "max": count.max().item()}
