"""Checks, once and at the door, what a release must be for everything after it to be right."""

import numpy as np
import pandas as pd

from stages.command import UserError
from stages.movielens.layouts import RATINGS, Release

LOWEST, HIGHEST, STEP = 0.5, 5.0, 0.5  # stars


def check(release: Release) -> None:
    """Raises UserError that names the first row of the release that breaks a rule."""
    ratings, movies = release.ratings, release.movies
    if ratings.empty:
        raise UserError(f"{release.source} holds no ratings")
    stars = ratings["rating"]
    on_scale = stars.between(LOWEST, HIGHEST) & (np.mod(stars, STEP) == 0)
    _refuse(release, ~on_scale, f"ratings go from {LOWEST:g} to {HIGHEST:g} by steps of {STEP:g}")
    for column in ("user_id", "movie_id", "timestamp"):
        _refuse(release, ratings[column] < 0, f"{column} must not be negative")
    again = ratings.duplicated(["user_id", "movie_id"])
    _refuse(release, again, "this user has rated this movie on an earlier line")
    unknown = ~ratings["movie_id"].isin(movies["movie_id"])
    _refuse(release, unknown, "this movie is not in the list of movies")
    twice = movies["movie_id"].duplicated()
    if twice.any():
        movie = movies[twice].iloc[0]
        raise UserError(f"the list of movies has id {movie['movie_id']} twice, again as {movie['title']!r}")


def _refuse(release: Release, wrong: pd.Series, rule: str) -> None:
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        values = release.ratings.iloc[row]
        shown = ", ".join(f"{column} {values[column]:.17g}" for column in RATINGS)
        raise UserError(f"{release.source}, line {row + release.first_line}: {shown}: {rule}")
