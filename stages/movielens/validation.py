"""Checks, once and at the door, what a release must be for everything after it to be right."""

import numpy as np
import pandas as pd

from stages.core.cli import UserError
from stages.movielens.catalogue import NO_GENRES
from stages.movielens.layouts import RATINGS, Release
from stages.movielens.ratings import HOURS
from stages.movielens.table import shown

LOWEST, HIGHEST, STEP = 0.5, 5.0, 0.5  # stars
LATEST = HOURS * 3600 - 1  # seconds since 1970


def validate(release: Release) -> None:
    """Raises UserError that names the first row of the release that breaks a rule."""
    ratings, movies = release.ratings, release.movies
    if ratings.empty:
        raise UserError(f"{release.source} holds no ratings")
    stars = ratings["rating"]
    on_scale = stars.between(LOWEST, HIGHEST) & (np.mod(stars, STEP) == 0)
    _refuse(release, ~on_scale, f"ratings go from {LOWEST:g} to {HIGHEST:g} by steps of {STEP:g}")
    for column in ("user_id", "movie_id", "timestamp"):
        _refuse(release, ratings[column] < 0, f"{column} must not be negative")
    late = ratings["timestamp"] > LATEST
    _refuse(release, late, f"timestamp counts seconds since 1970, and goes up to {LATEST}")
    again = ratings.duplicated(["user_id", "movie_id"])
    _refuse(release, again, "this user has rated this movie on an earlier line")
    unknown = ~ratings["movie_id"].isin(movies["movie_id"])
    _refuse(release, unknown, "this movie is not in the list of movies")
    twice = movies["movie_id"].duplicated()
    if twice.any():
        movie = movies[twice].iloc[0]
        raise UserError(
            f"the list of movies has id {movie['movie_id']} twice, again as {shown(movie['title'])}"
        )
    for column, instead in (("title", "each movie needs one"), ("genres", f"write {NO_GENRES}")):
        without = movies[column].str.strip(" \0") == ""
        if without.any():
            movie_id = movies["movie_id"][without].iloc[0]
            raise UserError(f"the list of movies has no {column} for id {movie_id}; {instead}")


def _refuse(release: Release, wrong: pd.Series, rule: str) -> None:
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        values = {column: release.ratings[column].iloc[row].item() for column in RATINGS}
        row_shown = ", ".join(
            f"{column} {value if isinstance(value, int) else format(value, '.17g')}"
            for column, value in values.items()
        )
        raise UserError(f"{release.source}, line {release.line_of(row)}: {row_shown}: {rule}")
