"""Lists of watched films, as sites export them and as people write them."""

from pathlib import Path

import pytest

from stages.core.cli import UserError
from stages.recommender.film_list import Watched, read

MATRIX = Watched("The Matrix", 1999, 4.5)
LETTERBOXD = "Date,Name,Year,Letterboxd URI,Rating\n"
IMDB = "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year\n"


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "films"),
    [
        (LETTERBOXD + "2024-01-02,The Matrix,1999,https://boxd.it/2a1m,4.5\n", [MATRIX]),
        (LETTERBOXD + "2024-01-02,The Matrix,1999,https://boxd.it,\n", [Watched("The Matrix", 1999, None)]),
        ("Date,Name,Year,Letterboxd URI\n,The Matrix,1999,\n", [Watched("The Matrix", 1999, None)]),
        (IMDB + "tt0133093,9,2024-01-02,The Matrix,The Matrix,u,Movie,8.7,136,1999\n", [MATRIX]),
        ("rating,Rating of others,movie\n4.5,2,The Matrix\n", [Watched("The Matrix", None, 4.5)]),
        ("FILM,Release Year,Stars\nThe Matrix,1999,4.5\n", [MATRIX]),
        ("\ufeffTitle,Year,Rating\r\nThe Matrix,1999,4.5\r\n", [MATRIX]),
        ("Title,Year,Rating\rThe Matrix,1999,4.5\r", [MATRIX]),
        ("\n\nTitle, Year, Rating\n\n The Matrix , 1999 , 4.5 \n,,\n\n", [MATRIX]),
        ("Title;Year;Rating\nThe Matrix;1999;4,5\n", [MATRIX]),
        ("Title\tYear\tRating\nThe Matrix\t1999\t4.5", [MATRIX]),
        ("title,year,rating\nThe Matrix\n", [Watched("The Matrix", None, None)]),
        ("title\nMatrix, The\n", [Watched("Matrix, The", None, None)]),
        ('title,year\n"Good, the Bad and the Ugly, The",1966\n',
         [Watched("Good, the Bad and the Ugly, The", 1966, None)]),
        ('title,year\n"""Crocodile"" Dundee",1986\n', [Watched('"Crocodile" Dundee', 1986, None)]),
        ("title\nAmélie\nAmélie\n", [Watched("Amélie", None, None)] * 2),
    ],
)  # fmt: skip
def test_the_films_of_a_file_are_read(tmp_path: Path, content: str, films: list[Watched]) -> None:
    assert read(written(tmp_path / "watched.csv", content)) == films


@pytest.mark.parametrize(("stars", "imdb"), [(0.5, "1"), (2.5, "5"), (5.0, "10")])
def test_ratings_out_of_ten_are_halved(tmp_path: Path, stars: float, imdb: str) -> None:
    path = written(tmp_path / "ratings.csv", f"Title,Your Rating,Rating\nHeat,{imdb},3\n")
    assert read(path) == [Watched("Heat", None, stars)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "watched.csv is empty; its first line should name its columns, such as title,year,rating"),
        (" \n\n", "watched.csv is empty"),
        ("title,year\n\n", "watched.csv lists no films below its first line"),
        (
            "Date,Year\n2024,1999\n",
            "watched.csv, line 1: no column is called title or name or movie or film; there are: Date, Year",
        ),
        ("title,rating\nHeat,4\n\nFargo,5.5\n", "line 4: rating is '5.5', which is no number from 0.5 to 5"),
        ("title,Stars\nHeat,0\n", "line 2: Stars is '0', which is no number from 0.5 to 5"),
        ("title,rating\nHeat,nan\n", "line 2: rating is 'nan', which is no number"),
        ("title,rating\nHeat,good\n", "line 2: rating is 'good', which is no number from 0.5 to 5"),
        ("Title,Your Rating\nHeat,11\n", "line 2: Your Rating is '11', which is no number from 1 to 10"),
        ("title,year\nHeat,MCMXCV\n", "line 2: year is 'MCMXCV', which is no year in four digits"),
        ("title,year\nHeat,95\n", "line 2: year is '95', which is no year"),
        ("title,year\n,1995\n", "line 2: the title is empty"),
        (
            "title,year\nMatrix, The,1999\n",
            "line 2: 3 cells under 2 columns; a title with a comma in it must be",
        ),
        ('title,year\n"He\nat",1995\n"Fargo,1996\n', "line 4: no well-formed CSV from here on: "),
        ("title\nHeat\nAmélie\n".encode("latin-1"), r"line 3: b'\xe9' is not UTF-8; save the file as UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = written(tmp_path / "watched.csv", content)
    with pytest.raises(UserError) as error:
        read(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.csv does not exist"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(UserError, match="cannot be read: "):
        read(tmp_path)
