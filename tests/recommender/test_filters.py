"""Filters: which movies may be recommended, and what is said where a filter makes no sense."""

import re
from collections.abc import Callable

import pytest

from stages.core.cli import UserError
from stages.recommender.artifacts import Artifacts
from stages.recommender.filters import Filters
from tests.recommender.conftest import CLUSTERS, FILMS, Film, clustered

MANY = 10_000


def passing(library: Artifacts, filters: Filters) -> set[int]:
    return {movie.movie for movie in filters.passing(library)}


def test_without_filters_every_movie_passes(library: Artifacts) -> None:
    assert passing(library, Filters()) == set(range(len(FILMS)))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(genres=["Sci-Fi"]), lambda film: "Sci-Fi" in film.genres),
        (Filters(genres=["sci-fi"]), lambda film: "Sci-Fi" in film.genres),
        (Filters(genres=["Action", "Sci-Fi"]), lambda film: film.genres == "Action|Sci-Fi"),
        (Filters(excluded_genres=["Sci-Fi", "War"]), lambda film: not re.search("Sci-Fi|War", film.genres)),
        (Filters(genres=["Drama"], excluded_genres=["War"]), lambda film: film.title == "Hamlet"),
        (Filters(years="1995"), lambda film: film.year == 1995),
        (Filters(years=" 1980-1990 "), lambda film: film.year and 1980 <= film.year <= 1990),
        (Filters(years="1980 – 1990"), lambda film: film.year and 1980 <= film.year <= 1990),
        (Filters(years="1996-"), lambda film: film.year and film.year >= 1996),
        (Filters(years="-1966"), lambda film: film.year and film.year <= 1966),
        (Filters(years="–1966"), lambda film: film.year and film.year <= 1966),
        (Filters(years="0000-9999"), lambda film: film.year is not None),
    ],
)  # fmt: skip
def test_genres_and_years_keep_exactly_what_they_say(
    library: Artifacts, filters: Filters, expected: Callable[[Film], bool]
) -> None:
    kept = {movie for movie, film in enumerate(FILMS) if expected(film)}
    assert 0 < len(kept) < len(FILMS)
    assert passing(library, filters) == kept


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1", {1}), (" 01 ", {1}), ("Crime", {3}), ("war", {1, 3}), (" sci-fi · ", {0, 2}), ("1995", None)],
)
def test_a_cluster_is_meant_by_its_number_or_by_a_part_of_its_name(
    library: Artifacts, text: str, numbers: set[int] | None
) -> None:
    if numbers is None:
        with pytest.raises(UserError, match=f'there is no cluster "{text}"'):
            passing(library, Filters(cluster=text))
        return
    kept = {movie for movie, number in clustered().items() if number in numbers}
    assert passing(library, Filters(cluster=text)) == kept


def test_movies_need_so_many_ratings_or_more(library: Artifacts) -> None:
    counts = sorted({movie.n_ratings for movie in library.movies})
    least = counts[len(counts) // 2]
    kept = {movie.movie for movie in library.movies if movie.n_ratings >= least}
    assert passing(library, Filters(min_ratings=least)) == kept
    assert least in {library.movies[movie].n_ratings for movie in kept}


def test_filters_that_let_nothing_pass_are_named_as_they_were_typed(library: Artifacts) -> None:
    filters = Filters(["Sci-Fi", "Crime"], ["War"], "1900-1910", "war", MANY)
    typed = "--genre Sci-Fi --genre Crime --exclude-genre War --years 1900-1910 --cluster war --min-ratings"
    with pytest.raises(UserError, match=f"^no movie passes: {typed} {MANY}; leave one of these out$"):
        filters.passing(library)
    assert str(Filters()) == ""


@pytest.mark.parametrize(
    ("filters", "complaint"),
    [
        (
            Filters(genres=["Drama", "Sifi"]),
            'no genre "Sifi"; there are: Action, Adventure, Animation, .*War',
        ),
        (Filters(genres=[""]), 'no genre ""'),
        (Filters(excluded_genres=["Sifi"]), 'no genre "Sifi"; there are: Action'),
        (Filters(cluster="9"), 'no cluster "9"; there are:\n0. Sci-Fi · Adv.*\n1. War'),
        (Filters(cluster="poems"), 'no cluster "poems"; there are:\n0. '),
        (Filters(cluster=" "), 'no cluster " "'),
        (Filters(years="the 80s"), '"the 80s" is no span of years; write 1994, 1980-1999, 2000- or -1960'),
        (Filters(years="-"), '"-" is no span'),
        (Filters(years=" "), '" " is no span'),
        (Filters(years="80-89"), '"80-89" is no span'),
        (Filters(years="1980 1989"), '"1980 1989" is no span'),
        (Filters(years="19801989"), '"19801989" is no span'),
        (Filters(years="1980-1989-1999"), '"1980-1989-1999" is no span'),
        (Filters(years="1999-1980"), '"1999-1980" ends before it begins; write it as 1980-1999'),
    ],
)
def test_a_filter_without_sense_is_named_with_what_would_be_right(
    library: Artifacts, filters: Filters, complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        filters.passing(library)


def test_every_cluster_is_listed_where_one_is_unknown(library: Artifacts) -> None:
    with pytest.raises(UserError) as error:
        Filters(cluster="poems").passing(library)
    assert str(error.value).splitlines()[1:] == [f"{number}. {name}" for number, name in enumerate(CLUSTERS)]
