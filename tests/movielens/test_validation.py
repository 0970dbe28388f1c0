"""A release that breaks a rule is refused, and the first row that breaks it named."""

import pandas as pd
import pytest

from stages.core.cli import UserError
from stages.movielens.layouts import Release
from stages.movielens.validation import check


def release(rows: list[tuple[int, int, float, int]], movie_ids: list[int] | None = None) -> Release:
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "timestamp"])
    movies = pd.DataFrame({"movie_id": [10, 20] if movie_ids is None else movie_ids})
    return Release(
        ratings, movies.assign(title="A", genres="B"), pd.DataFrame(), "ml/ratings.csv", lambda row: row + 2
    )


GOOD = (1, 10, 4.5, 100)


def test_a_good_release_passes(small_release: Release) -> None:
    check(release([GOOD, (1, 20, 0.5, 0), (2, 10, 5.0, 100)]))
    check(small_release)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ((2, 10, 7.0, 100), "ratings go from 0.5 to 5 by steps of 0.5"),
        ((2, 10, 0.0, 100), "ratings go from 0.5 to 5"),
        ((2, 10, 3.3, 100), "by steps of 0.5"),
        ((2, 10, float("nan"), 100), "ratings go from 0.5 to 5"),
        ((2, 10, float("inf"), 100), "ratings go from 0.5 to 5"),
        ((-2, 10, 4.0, 100), "user_id must not be negative"),
        ((2, 10, 4.0, -1), "timestamp must not be negative"),
        ((1, 10, 3.0, 101), "this user has rated this movie on an earlier line"),
        ((2, 30, 4.0, 100), "this movie is not in the list of movies"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named(row: tuple[int, int, float, int], rule: str) -> None:
    with pytest.raises(UserError) as error:
        check(release([GOOD, row]))
    user, movie, rating, timestamp = row
    shown = f"line 3: user_id {user}, movie_id {movie}, rating {rating:.17g}, timestamp {timestamp}: "
    assert f"ml/ratings.csv, {shown}" in str(error.value)
    assert rule in str(error.value)


def test_a_release_without_ratings_is_refused() -> None:
    with pytest.raises(UserError, match="holds no ratings"):
        check(release([]))


def test_a_movie_listed_twice_is_refused() -> None:
    with pytest.raises(UserError, match="has id 10 twice"):
        check(release([GOOD], movie_ids=[10, 20, 10]))
