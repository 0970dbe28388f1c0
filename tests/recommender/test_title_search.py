"""Movies are found by titles as people write them."""

import contextlib
import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stages.core.cli import UserError
from stages.movielens import layouts
from stages.movielens.tables import movies_table
from stages.prepare import index
from stages.recommender.title_search import Titles

TABLES = yaml.safe_load(Path(__file__).with_name("title_search.yaml").read_text(encoding="utf-8"))
CATALOGUE = TABLES["catalogue"]
TITLES = Titles(*zip(*CATALOGUE, strict=True))
WITH_YEAR = [movie for movie, (_, year, _) in enumerate(CATALOGUE) if year]


def found(text: str) -> str:
    return TITLES.labels[TITLES.find(text)]


@pytest.mark.parametrize(("text", "movie"), TABLES["found"].items())
def test_a_movie_is_found_as_people_write_it(text: str, movie: str) -> None:
    assert found(text) == movie


@pytest.mark.parametrize(("text", "named"), TABLES["ambiguous"].items())
def test_an_ambiguous_or_unknown_text_names_the_best_known_movies(text: str, named: list[str]) -> None:
    with pytest.raises(UserError) as error:
        TITLES.find(text)
    assert all(value in str(error.value) for value in named)
    with pytest.raises(UserError):
        TITLES.find(text, suggest=False)


def test_titles_without_letters_or_in_another_script_are_found() -> None:
    titles = Titles(["$", "???", "Зеркало", "10", "Ten"], [1971, 2011, 1975, 1979, None], [1, 1, 1, 9, 1])
    assert [titles.find(text) for text in ["$ (1971)", "???", "ЗЕРКАЛО", "10", "Ten"]] == [0, 1, 2, 3, 4]


@given(
    movie=st.sampled_from(WITH_YEAR),
    change=st.sampled_from([str, str.lower, str.upper, str.title, str.swapcase]),
    year=st.sampled_from([" ({})", " {}", ", {}", "({})"]),
)
def test_every_title_with_its_year_finds_itself(movie: int, change: Callable[[str], str], year: str) -> None:
    title, released, _ = CATALOGUE[movie]
    assert found(change(title) + year.format(released)) == TITLES.labels[movie]


@given(st.text())
def test_any_text_is_found_or_raises_a_user_error(text: str) -> None:
    with contextlib.suppress(UserError):
        assert 0 <= TITLES.find(text) < len(CATALOGUE)


def test_titles_that_people_type_are_found_in_the_real_data(real_zip: Path) -> None:
    """titles.csv has the expected movie_id, or "ask" where a title is ambiguous or unknown."""
    release = layouts.read(real_zip)
    ratings, _, movie_ids = index(release.ratings)
    movies = movies_table(ratings, movie_ids, release.movies).astype(object)
    years = movies["year"].where(movies["year"].notna(), None)
    titles = Titles(movies["title"].tolist(), years.tolist(), movies["n_ratings"].tolist())
    asked, wrong = list[str](), list[str]()
    lines = Path(__file__).with_name("titles.csv").read_text(encoding="utf-8").splitlines()[1:]
    for text, expected in csv.reader(lines):
        found = "ask"
        with contextlib.suppress(UserError):
            found = str(movies["movie_id"][titles.find(text)])
        if found != expected:
            (asked if found == "ask" else wrong).append(text)
    assert wrong == []
    assert len(asked) <= 5, asked
