"""What there is to know of the data: its users, movies and tags in tables, and the whole of it in numbers."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from stages.core.files import Metrics
from stages.movielens import catalogue
from stages.movielens.ratings import Ratings, SideInformation
from stages.movielens.title_format import split_year

YEARS_IN_PERIOD = 5


def users_table(ratings: Ratings, user_ids: np.ndarray) -> pd.DataFrame:
    """user, user_id, n_ratings: a row per user, all ratings counted."""
    count = torch.bincount(ratings.user, minlength=ratings.n_users)
    return pd.DataFrame({"user": range(ratings.n_users), "user_id": user_ids, "n_ratings": count.numpy()})


def movies_table(ratings: Ratings, movie_ids: np.ndarray, movies: pd.DataFrame) -> pd.DataFrame:
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


def tags_table(tags: pd.DataFrame, movie_ids: np.ndarray) -> pd.DataFrame:
    """movie, tag (lower case), n_users, n_users_of_tag: how many people put each tag on each rated movie.

    `n_users_of_tag` counts those who used the tag at all: what only one person says tells of that person.
    """
    rated = tags[tags["movie_id"].isin(movie_ids)]
    plain = pd.DataFrame(
        {
            "user_id": rated["user_id"],
            "movie": np.searchsorted(movie_ids, rated["movie_id"].to_numpy()),
            "tag": rated["tag"].str.strip().str.lower(),
        }
    )
    plain["n_users_of_tag"] = plain.groupby("tag")["user_id"].transform("nunique")
    table = plain.groupby(["movie", "tag"]).agg(
        n_users=("user_id", "nunique"), n_users_of_tag=("n_users_of_tag", "first")
    )
    return table.reset_index()


def side_information(movies: pd.DataFrame) -> SideInformation:
    """Genres and period of each row of the table of movies."""
    genres = torch.tensor(movies["genres"].str.get_dummies("|").to_numpy(), dtype=torch.float32)
    started = pd.get_dummies(movies["year"] // YEARS_IN_PERIOD, dtype="float32")
    return SideInformation(
        genres=torch.nn.functional.normalize(genres, dim=1) if genres.shape[1] else genres,
        period=torch.tensor(started.to_numpy(dtype=np.float32)),
    )


def histogram(ratings: Ratings) -> pd.DataFrame:
    """rating (stars), n_ratings: how often each rating is given."""
    rating, count = torch.unique(ratings.rating, return_counts=True)
    return pd.DataFrame({"rating": rating.numpy(), "n_ratings": count.numpy()})


def summary_statistics(ratings: Ratings, sizes: dict[str, int], n_catalogue: int) -> Metrics:
    """The data in numbers; `sizes` are those of its parts, by name."""
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
        **{f"n_{name}": size for name, size in sizes.items()},
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
