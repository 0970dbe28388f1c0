"""Filters: which movies pass, and errors for filters that make no sense."""

import re
from typing import Any

import pytest

from stages.core.cli import UserError
from stages.recommender.artifacts import Artifacts
from stages.recommender.filters import passing
from tests.recommender.builders import CLUSTERED, CLUSTERS, FILMS


def found(artifacts: Artifacts, **filters: Any) -> set[int]:
    mask = passing(artifacts.movies, **filters)
    return set(mask[mask].index)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, lambda film: True),
        ({"genres": ["scifi"]}, lambda film: "Sci-Fi" in film.genres),
        ({"excluded_genres": ["Sci-Fi", "War"]}, lambda film: not re.search("Sci-Fi|War", film.genres)),
        ({"genres": ["Drama"], "excluded_genres": ["War"]}, lambda film: film.title == "Hamlet"),
        ({"years": "1995"}, lambda film: film.year == 1995),
        ({"years": " 1980-1990 "}, lambda film: film.year and 1980 <= film.year <= 1990),
        ({"years": "1990s"}, lambda film: film.year and 1990 <= film.year <= 1999),
        ({"years": "1996-"}, lambda film: film.year and film.year >= 1996),
        ({"years": "-1966"}, lambda film: film.year and film.year <= 1966),
    ],
)  # fmt: skip
def test_genres_and_years_keep_these_movies(artifacts: Artifacts, filters: Any, expected: Any) -> None:
    kept = {movie for movie, film in enumerate(FILMS) if expected(film)}
    assert kept
    assert found(artifacts, **filters) == kept


def test_a_cluster_is_given_by_its_number_or_part_of_its_name(artifacts: Artifacts) -> None:
    texts = {"1": {1}, " 01 ": {1}, "Crime": {3}, "war": {1, 3}, " sci-fi · ": {0, 2}}
    for text, numbers in texts.items():
        kept = {movie for movie, number in CLUSTERED.items() if number in numbers}
        assert found(artifacts, cluster=text) == kept


def test_movies_have_at_least_so_many_ratings(artifacts: Artifacts) -> None:
    counts = artifacts.movies["n_ratings"]
    least = int(counts.median())
    assert found(artifacts, min_ratings=least) == {movie for movie, n in counts.items() if n >= least}


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"genres": ["Drama", "Sifi"]}, ['"Sifi"', "Sci-Fi"]),
        ({"cluster": "9"}, ['"9"', *CLUSTERS]),
        ({"cluster": " "}, CLUSTERS),
        ({"cluster": "1" * 5000}, CLUSTERS),
        ({"years": "the past"}, ['"the past"', "1980-1999"]),
        ({"years": "1999-1980"}, ['"1999-1980"', "1980-1999"]),
        ({"genres": ["Western"], "years": "1999"}, ["no movie passes", "ends in 2000"]),
    ],
)
def test_an_error_names_the_filter_and_choices(artifacts: Artifacts, filters: Any, named: list[str]) -> None:
    with pytest.raises(UserError) as error:
        found(artifacts, **filters)
    assert all(value in str(error.value) for value in named)
