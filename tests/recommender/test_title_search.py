"""Movies are found by titles as people write them."""

import contextlib
import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.core.cli import UserError
from stages.movielens import layouts
from stages.movielens.tables import movies_table
from stages.prepare import index
from stages.recommender.title_search import Titles

CATALOGUE = [  # title, year, ratings
    ("Seven (a.k.a. Se7en)", 1995, 203),
    ("Star Wars: Episode IV - A New Hope", 1977, 251),
    ("Star Wars: Episode V - The Empire Strikes Back", 1980, 211),
    ("Star Wars: The Clone Wars", 2008, 7),
    ("Terminator, The", 1984, 131),
    ("Terminator 2: Judgment Day", 1991, 224),
    ("T2: Trainspotting", 2017, 4),
    ("Alien", 1979, 146),
    ("Alien³ (a.k.a. Alien 3)", 1992, 47),
    ("Alien: Resurrection", 1997, 62),
    ("Halloween: Resurrection", 2002, 15),
    ("Rocky II", 1979, 26),
    ("Hamlet", 1990, 5),
    ("Hamlet", 1996, 16),
    ("Hamlet 2", 2008, 1),
    ("Matrix, The", 1999, 278),
    ("Lord of the Rings, The", 1978, 15),
    ("Lord of the Rings: The Fellowship of the Ring, The", 2001, 198),
    ("Lord of the Rings: The Two Towers, The", 2002, 188),
    ("Harry Potter and the Sorcerer's Stone (a.k.a. Harry Potter and the Philosopher's Stone)", 2001, 107),
    ("Harry Potter and the Chamber of Secrets", 2002, 102),
    ("Léon: The Professional (a.k.a. The Professional) (Léon)", 1994, 133),
    ("Professional, The (Le professionnel)", 1981, 30),
    ("Help!", 1965, 7),
    ("Help, The", 2011, 21),
    ("WALL·E", 2008, 104),
    ("8 1/2 (8½)", 1963, 17),
    ("Shawshank Redemption, The", 1994, 317),
    ("Emma", 1996, 30),
    ("Emma", 1996, 1),
    ("Moonlight", None, 5),
    ("Inglourious Basterds", 2009, 88),
    ("Inglorious Bastards (Quel maledetto treno blindato)", 1978, 7),
]
TITLES = Titles(*zip(*CATALOGUE, strict=True))
WITH_YEAR = [movie for movie, (_, year, _) in enumerate(CATALOGUE) if year]


def found(text: str) -> str:
    return TITLES.labels[TITLES.find(text)]


@pytest.mark.parametrize(
    ("text", "movie"),
    [
        ("“The Matrix (1999)”", "The Matrix (1999)"),
        ("walle", "WALL·E (2008)"),
        ("8½", "8 1/2 (1963)"),
        ("help!", "Help! (1965)"),
        ("Se7en", "Seven (1995)"),
        ("Philosopher's Stone", "Harry Potter and the Sorcerer's Stone (2001)"),
        ("The Matrix (1998)", "The Matrix (1999)"),
        ("Hamlet 1990", "Hamlet (1990)"),
        ("The Professional (1981)", "The Professional (1981)"),
        ("Lord of the Rings (1978)", "The Lord of the Rings (1978)"),
        ("Moonlight (2016)", "Moonlight"),
        ("Alien 3", "Alien³ (1992)"),
        ("Star Wars 5", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("Terminator 2", "Terminator 2: Judgment Day (1991)"),
        ("Lord of the Rings", "The Lord of the Rings: The Fellowship of the Ring (2001)"),
        ("Star Wars", "Star Wars: Episode IV - A New Hope (1977)"),
        ("The Empire Strikes Back", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("LotR", "The Lord of the Rings: The Fellowship of the Ring (2001)"),
        ("Shawshank", "The Shawshank Redemption (1994)"),
        ("Termnator 2", "Terminator 2: Judgment Day (1991)"),
        ("Emma", "Emma (1996)"),
    ],
)  # fmt: skip
def test_a_movie_is_found_as_people_write_it(text: str, movie: str) -> None:
    assert found(text) == movie


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hamlet", ["Hamlet (1996), Hamlet (1990)"]),
        ("Resurrection", ["Alien: Resurrection (1997), Halloween: Resurrection (2002)"]),
        ("The Professional", ["Léon: The Professional (1994), The Professional (1981)"]),
        ("T2", ["Terminator 2: Judgment Day (1991), T2: Trainspotting (2017)"]),
        ("inglorious bastards", ["Inglourious Basterds (2009), Inglorious Bastards (1978)"]),
        ("The Matrix (1985)", ["1985", "The Matrix (1999)"]),
        ("Termnator 2 (2020)", ["2020", "Terminator 2: Judgment Day (1991)", "the data ends in 2017"]),
        ("Qwertyuiop", ["Qwertyuiop"]),
        *((text, []) for text in ["", '""', "\0", "!!!", "of the", "中文", "(1999)", "a - b: c"]),
    ],
)
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
