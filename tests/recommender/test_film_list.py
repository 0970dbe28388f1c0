"""Lists of watched films, as sites export them and as people write them."""

from pathlib import Path

import pytest

from stages.core.cli import UserError
from stages.recommender.film_list import read

MATRIX = ("The Matrix (1999)", 4.5)
LETTERBOXD = "Date,Name,Year,Letterboxd URI,Rating\n"
IMDB = "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year\n"


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "films"),
    [
        (LETTERBOXD + "2024-01-02,The Matrix,1999,https://boxd.it/2a1m,4.5\n", [MATRIX]),
        (IMDB + "tt0133093,9,2024-01-02,The Matrix,The Matrix,u,Movie,8.7,136,1999\n", [MATRIX]),
        ("Title,Your Rating\nHeat,1\n", [("Heat", 0.5)]),
        ("FILM,Release Year,Stars\nThe Matrix,1999,4.5\n", [MATRIX]),
        ("\ufeffTitle,Year,Rating\r\nThe Matrix,1999,4.5\r\n", [MATRIX]),
        ("\n\nTitle, Year, Rating\n\n The Matrix , 1999 , 4.5 \n,,\n\n", [MATRIX]),
        ("Title;Year;Rating\nThe Matrix;1999;4,5\n", [MATRIX]),
        ("Title\tYear\tRating\nThe Matrix\t1999\t4.5", [MATRIX]),
        ("title,year,rating\nThe Matrix\n", [("The Matrix", None)]),
        ('title,year\n"""Crocodile"" Dundee",1986\n', [('"Crocodile" Dundee (1986)', None)]),
        ("title\nAmélie\nAmélie\n", [("Amélie", None)] * 2),
        ("title\nA\x1b[31mlien\n", [("A�[31mlien", None)]),
    ],
)  # fmt: skip
def test_films_are_read(tmp_path: Path, content: str, films: list[tuple[str, float | None]]) -> None:
    assert read(written(tmp_path / "watched.csv", content)) == films


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("", ["title,year,rating"]),
        ("title,year\n\n", []),
        ("Date,Year\n2024,1999\n", ["line 1", "Date, Year"]),
        ("title,rating\nHeat,4\n\nFargo,5.5\n", ["line 4", "'5.5'", "0.5 to 5"]),
        ("title,rating\nHeat,nan\n", ["line 2", "'nan'"]),
        ("Title,Your Rating\nHeat,11\n", ["line 2", "'11'", "1 to 10"]),
        ("title,year\nHeat,MCMXCV\n", ["line 2", "'MCMXCV'"]),
        ("title,year\n,1995\n", ["line 2", "title"]),
        ("title,year\nMatrix, The,1999\n", ["line 2", "3 cells"]),
        ('title,year\n"He\nat",1995\n"Fargo,1996\n', ["line 4"]),
        ("title\nHeat\nAmélie\n".encode("latin-1"), ["line 3", r"b'\xe9'"]),
    ],
)
def test_errors_name_the_line_and_the_value(tmp_path: Path, content: str | bytes, named: list[str]) -> None:
    path = written(tmp_path / "watched.csv", content)
    with pytest.raises(UserError) as error:
        read(path)
    assert all(value in str(error.value) for value in [str(path), *named])


def test_a_missing_file_and_a_directory_are_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(UserError, match=str(path)):
            read(path)
