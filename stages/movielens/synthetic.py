"""Generates ratings with the statistics of MovieLens, in its csv layout.

Every movie belongs to one planted taste, which gives it genres and a period; every user likes some tastes
more than others, watches more movies of these and rates them higher. Popularity is long-tailed.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

MEAN_RATINGS = 160  # of a user, about as in ml-latest-small and ml-25m
TASTES = (
    "Action|Adventure|Sci-Fi Action|Crime|Thriller Animation|Children|Comedy Comedy Comedy|Romance "
    "Crime|Film-Noir|Mystery Documentary Drama|War Horror|Thriller Musical|Romance"
).split()
PERIODS = [1999, 1994, 2001, 1996, 1995, 1950, 2008, 1972, 1988, 1958]  # the middle of each taste's
BLOCK = 10**6  # ratings generated at once: bounds memory


class Size(NamedTuple):
    """How much is generated."""

    n_users: int
    n_movies: int
    n_ratings: int


def size_of(n_ratings: int) -> Size:
    """Users in proportion to the ratings, movies to their cube root, as from ml-latest-small to ml-25m."""
    n_movies = min(n_ratings // 10, round(9_700 * (n_ratings / 100_000) ** (1 / 3)))
    return Size(max(2, n_ratings // MEAN_RATINGS), max(n_movies, 3 * MEAN_RATINGS), n_ratings)


def archive(name: str, size: Size, seed: int) -> bytes:
    """A zip in the csv layout, its members in a folder `name`: the same bytes for the same seed."""
    movies, blocks = generate(size, np.random.default_rng(seed))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for member, tables in (("movies.csv", [movies]), ("ratings.csv", blocks)):
            info = zipfile.ZipInfo(f"{name}/{member}")  # its date is fixed: 1980-01-01
            info.compress_type = zipfile.ZIP_DEFLATED
            with file.open(info, "w", force_zip64=True) as stream:
                for number, table in enumerate(tables):
                    table.to_csv(stream, index=False, header=number == 0, lineterminator="\n")
    return content.getvalue()


def generate(size: Size, rng: np.random.Generator) -> tuple[pd.DataFrame, Iterator[pd.DataFrame]]:
    """The table of movies, and that of ratings in blocks of users, with the columns of the csv layout."""
    taste = np.sort(rng.integers(len(TASTES), size=size.n_movies))  # the popular movies of each come first
    movie_id = rng.choice(20 * size.n_movies, size.n_movies, replace=False) + 1
    years = np.array(PERIODS)[taste] + rng.integers(-15, 10, size.n_movies, endpoint=True)
    genres = np.array(TASTES)[taste]
    names = [f"{genre.replace('|', ' ')} {number}" for number, genre in enumerate(genres)]
    titles = [f"{name}, The ({year})" for name, year in zip(names, years, strict=True)]
    genres = np.char.add(genres, rng.choice(["", "|IMAX", "|Western"], size.n_movies, p=[0.8, 0.1, 0.1]))
    movies = pd.DataFrame({"movieId": movie_id, "title": titles, "genres": genres})
    return movies.sort_values("movieId"), _ratings(size, taste, movie_id, rng)


def _ratings(
    size: Size, taste: np.ndarray, movie_id: np.ndarray, rng: np.random.Generator
) -> Iterator[pd.DataFrame]:
    """Ratings in the order of users and, for each user, of time."""
    quality = rng.normal(0, 0.4, size.n_movies)
    strength = rng.lognormal(-0.9, 0.5, size.n_movies)
    activity = _activity(size, rng)
    blocks = np.array_split(np.arange(size.n_users), -(-size.n_ratings // BLOCK))
    for users in tqdm(blocks, desc="generate ratings", unit="million", delay=2):
        user = np.repeat(np.arange(len(users)), activity[users])
        liking = rng.normal(0, 1, (len(users), len(TASTES)))
        movie = _choose(user, liking, np.bincount(taste, minlength=len(TASTES)), rng)
        stars = 3.25 + rng.normal(0, 0.45, len(users))[user] + rng.normal(0, 0.75, len(user))
        stars += quality[movie] + liking[user, taste[movie]] * strength[movie]
        rating = np.clip(np.round(2 * stars) / 2, 0.5, 5)
        columns = {"userId": users[user] + 1, "movieId": movie_id[movie], "rating": rating}
        yield pd.DataFrame({**columns, "timestamp": _timestamps(user, rng)})


def _activity(size: Size, rng: np.random.Generator) -> np.ndarray:
    """Ratings of each user: log-normal, `n_ratings` in total, at least 20, at most half of the movies."""
    fewest = min(20, size.n_ratings // size.n_users)
    most = max(size.n_movies // 2, -(-size.n_ratings // size.n_users))
    weight = rng.lognormal(0, 1.2, size.n_users).cumsum()
    total = np.round(weight / weight[-1] * (size.n_ratings - fewest * size.n_users)).astype(int)
    activity = fewest + np.diff(total, prepend=0)
    excess = (activity - most).clip(min=0).sum()  # goes to the first users that have room for more
    activity = activity.clip(max=most)
    return np.asarray(activity + np.diff((most - activity).cumsum().clip(max=excess), prepend=0))


def _choose(
    user: np.ndarray, liking: np.ndarray, n_movies: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A movie for each entry of `user`, which ascends, and no movie twice for one user.

    A taste is drawn by how much the user likes it, then one of its `n_movies` movies by Zipf's law. A movie
    that the user already has is replaced by the next in order.
    """
    share = n_movies * np.exp(0.8 * liking)
    share = share.cumsum(axis=1) / share.sum(axis=1, keepdims=True)
    taste = (share[user, :-1] < rng.random((len(user), 1))).sum(axis=1)
    rank = n_movies[taste] * 0.005 * (201 ** rng.random(len(user)) - 1)  # log-uniform
    movie = n_movies.cumsum()[taste] - n_movies[taste] + rank.astype(int)
    offset = user * n_movies.sum()
    movie = np.sort(movie + offset) - offset
    place = np.arange(len(user)) - np.searchsorted(user, user)
    free = np.minimum(movie - place, n_movies.sum() - np.bincount(user)[user])
    movie = np.maximum.accumulate(free + offset) - offset + place
    return np.asarray(movie[np.argsort(user + rng.random(len(user)))])


def _timestamps(user: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Seconds since 1970: each user starts on some day and rates in sessions, seconds apart within one."""
    new_session = rng.random(len(user)) < 0.03
    gap = np.where(new_session, rng.exponential(20 * 86_400, len(user)), rng.exponential(15, len(user)))
    elapsed = np.cumsum(gap.astype(int) + 1)
    start = rng.integers(827_000_000, 1_537_000_000, user[-1] + 1)  # spring 1996 to autumn 2018
    return np.asarray(start[user] + elapsed - elapsed[np.searchsorted(user, user)])
