"""Generates ratings with the statistics of MovieLens, in its csv layout.

Every movie belongs to one planted taste cluster, which gives it genres and a period; every user likes some
clusters more than others, watches them more often and rates them higher. Popularity is long-tailed.
"""

import io
import zipfile
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.movielens.catalogue import NO_GENRES

FEWEST_RATINGS = 20  # of a user, as in every MovieLens release
MEAN_RATINGS = 160  # of a user, about as in ml-latest-small and ml-25m
TASTES = {  # planted clusters: core genres and middle of the period
    "Action|Adventure|Sci-Fi": 1999,
    "Action|Crime|Thriller": 1994,
    "Adventure|Fantasy": 2005,
    "Animation|Children|Comedy": 2001,
    "Comedy": 1996,
    "Comedy|Romance": 1995,
    "Crime|Film-Noir|Mystery": 1950,
    "Documentary": 2008,
    "Drama": 1993,
    "Drama|War": 1972,
    "Horror|Thriller": 1988,
    "Musical|Romance": 1958,
}
EXTRA_GENRES = ("Action", "Comedy", "Drama", "Romance", "Thriller")
FIRST_WORDS = (
    "Amber Broken Crimson Distant Electric Forgotten Golden Hidden Iron Jade Last Midnight Northern "
    "Open Paper Quiet Restless Silver Tender Velvet Winter Yellow"
).split()
SECOND_WORDS = (
    "Anchor Bridge Carnival Detective Empire Frontier Garden Harbor Island Journey Kingdom Letters "
    "Mirror Neighbor Orchard Parade Query River Station Theater Uncle Voyage Witness"
).split()
ROWS_AT_ONCE = 10**6
BAR_AFTER = 2  # seconds without one
OPENING, CLOSING = 827_000_000, 1_537_000_000  # s since 1970: spring 1996 to autumn 2018


class Size(NamedTuple):
    """How much is generated."""

    n_users: int
    n_movies: int
    n_ratings: int


def size_of(n_ratings: int) -> Size:
    """Users and movies that go with a number of ratings: 100,000 ratings have 625 users and 9,700 movies.

    The catalogue grows with the cube root of the ratings, as it does from ml-latest-small to ml-25m.
    """
    n_users = max(2, n_ratings // MEAN_RATINGS)
    n_movies = min(n_ratings // 10, round(9_700 * (n_ratings / 100_000) ** (1 / 3)))
    n_movies = max(n_movies, 3 * MEAN_RATINGS)
    return Size(n_users, n_movies, n_ratings)


def archive(name: str, size: Size, seed: int) -> bytes:
    """A zip in the csv layout, its members below a folder `name`: the same bytes for the same seed."""
    ratings, movies = generate(size, np.random.default_rng(seed))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for member, table in (("ratings.csv", ratings), ("movies.csv", movies)):
            info = zipfile.ZipInfo(f"{name}/{member}")  # its date is fixed: 1980-01-01
            info.compress_type = zipfile.ZIP_DEFLATED
            with file.open(info, "w", force_zip64=True) as stream:
                starts = range(0, len(table), ROWS_AT_ONCE)
                for start in tqdm(starts, desc=f"write {member}", unit="million rows", delay=BAR_AFTER):
                    part = table.iloc[start : start + ROWS_AT_ONCE]
                    part.to_csv(stream, index=False, header=start == 0, lineterminator="\n")
    return content.getvalue()


def generate(size: Size, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables `ratings` and `movies`, with the columns of the csv layout.

    Raises ValueError when so few movies would have to be rated by nearly everybody.
    """
    if size.n_ratings > size.n_users * size.n_movies / 2:
        raise ValueError(f"{size} would fill more than half of the matrix")
    taste_of_movie = rng.integers(len(TASTES), size=size.n_movies)
    fame = rng.permutation(size.n_movies)  # 0 is the best known
    liking = rng.normal(0, 1.0, (size.n_users, len(TASTES)))
    user, movie = _who_rates_what(_activity(size, rng), taste_of_movie, fame, liking, rng)
    quality = rng.normal(0, 0.4, size.n_movies) + 0.35 * (0.5 - fame / size.n_movies)
    strength = rng.lognormal(-0.9, 0.5, size.n_movies)
    stars = (
        3.2
        + rng.normal(0, 0.45, size.n_users)[user]
        + quality[movie]
        + liking[user, taste_of_movie[movie]] * strength[movie]
        + rng.normal(0, 0.75, len(user))
    )
    step = np.where(rng.random(size.n_users) < 0.5, 1.0, 0.5)[user]  # many people never give halves
    movie_ids = np.sort(rng.choice(20 * size.n_movies, size.n_movies, replace=False)) + 1
    ratings = pd.DataFrame(
        {
            "userId": user + 1,
            "movieId": movie_ids[movie],
            "rating": np.clip(np.round(stars / step) * step, 0.5, 5.0),
            "timestamp": _timestamps(user, size.n_users, rng),
        }
    ).sort_values(["userId", "movieId"], ignore_index=True)
    return ratings, _movies(movie_ids, taste_of_movie, rng)


def _activity(size: Size, rng: np.random.Generator) -> np.ndarray:
    """Ratings of each user: `n_ratings` in sum, at least 20, at most half of the movies, log-normal."""
    most = max(size.n_movies // 2, -(-size.n_ratings // size.n_users))
    fewest = min(FEWEST_RATINGS, size.n_ratings // size.n_users)
    count = np.full(size.n_users, fewest)
    weight = rng.lognormal(0, 1.2, size.n_users)
    while (missing := size.n_ratings - count.sum()) > 0:
        room = count < most
        share = np.where(room, weight, 0)
        count += rng.multinomial(missing, share / share.sum())
        count = np.minimum(count, most)
    return count


def _who_rates_what(
    activity: np.ndarray,
    taste_of_movie: np.ndarray,
    fame: np.ndarray,
    liking: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of user and movie, none twice, `activity[user]` of them for each user.

    A user picks a taste that they like, then a movie of it by its fame; a pair drawn before is drawn anew.
    """
    n_users, n_movies = len(activity), len(fame)
    shelf = np.argsort(taste_of_movie, kind="stable")  # movies, taste by taste
    mass = np.concatenate([[0.0], np.cumsum((fame[shelf] / n_movies + 0.01) ** -1.6)])
    bounds = mass[np.searchsorted(taste_of_movie[shelf], np.arange(len(TASTES) + 1))]
    appeal = np.cumsum(np.exp(0.8 * liking) * np.diff(bounds), axis=1)
    appeal /= appeal[:, -1:]
    done, pairs = [], np.empty(0, dtype=np.int64)
    missing = activity
    progress = tqdm(total=activity.sum(), desc="draw ratings", unit="rating", delay=BAR_AFTER)
    while missing.any():
        user = np.repeat(np.arange(n_users), missing + missing // 2)
        taste = (appeal[user] < rng.random(len(user))[:, None]).sum(axis=1)
        spot = rng.uniform(bounds[taste], bounds[taste + 1])
        movie = shelf[np.searchsorted(mass, spot, side="right").clip(max=n_movies) - 1]
        pairs = np.concatenate([pairs, user * n_movies + movie])
        pairs = pairs[np.sort(np.unique(pairs, return_index=True)[1])]  # the earlier draw stays
        pairs = pairs[np.argsort(pairs // n_movies, kind="stable")]
        user = pairs // n_movies
        pairs = pairs[np.arange(len(user)) - np.searchsorted(user, user) < activity[user]]
        missing = np.where(missing, activity - np.bincount(pairs // n_movies, minlength=n_users), 0)
        finished = missing[pairs // n_movies] == 0
        done.append(pairs[finished])
        progress.update(int(finished.sum()))
        pairs = pairs[~finished]
    progress.close()
    pairs = np.concatenate(done)
    user, movie = np.divmod(pairs[np.argsort(pairs // n_movies, kind="stable")], n_movies)
    return user, movie


def _timestamps(user: np.ndarray, n_users: int, rng: np.random.Generator) -> np.ndarray:
    """Seconds since 1970: each user starts on some day and rates in sittings, seconds apart within one."""
    new_sitting = rng.random(len(user)) < 0.03
    gap = np.where(new_sitting, rng.exponential(20 * 86_400, len(user)), rng.exponential(15, len(user)))
    elapsed = np.cumsum(gap.astype(np.int64) + 1)
    since_start = elapsed - elapsed[np.searchsorted(user, np.arange(n_users))][user]
    start = rng.integers(OPENING, CLOSING, n_users)[user]
    return np.asarray(start + since_start)


def _movies(movie_ids: np.ndarray, taste_of_movie: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Titles with years, and the genres of the planted taste with an extra one now and then."""
    tastes = np.array(list(TASTES))[taste_of_movie]
    period = np.array(list(TASTES.values()))[taste_of_movie]
    years = np.clip(period + rng.normal(0, 9, len(period)), 1915, 2018).astype(int)
    extras = rng.choice(EXTRA_GENRES, len(tastes))
    has_extra = rng.random(len(tastes)) < 0.3
    genres = [
        "|".join(sorted({*taste.split("|"), extra} if more else taste.split("|")))
        for taste, extra, more in zip(tastes, extras, has_extra, strict=True)
    ]
    genres = [NO_GENRES if rng.random() < 0.003 else listed for listed in genres]
    titles = [_title(number, year) for number, year in enumerate(years.tolist())]
    return pd.DataFrame({"movieId": movie_ids, "title": titles, "genres": genres})


def _title(number: int, year: int) -> str:
    """A different title for each number; every third has its article behind, as in MovieLens."""
    part, word = divmod(number, len(FIRST_WORDS) * len(SECOND_WORDS))
    first, second = divmod(word * 37 % (len(FIRST_WORDS) * len(SECOND_WORDS)), len(SECOND_WORDS))
    sequel = f" {part + 1}" if part else ""
    article = ", The" if number % 3 == 0 else ""
    return f"{FIRST_WORDS[first]} {SECOND_WORDS[second]}{sequel}{article} ({year})"
