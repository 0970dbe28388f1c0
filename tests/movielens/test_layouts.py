"""Every layout gives the same tables; an invalid release is an error that names the file, line and value."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.core import memory
from stages.core.cli import UserError
from stages.movielens.layouts import read
from tests.conftest import MakeZip, Patch

RATINGS, MOVIES = "userId,movieId,rating,timestamp\n", "movieId,title,genres\n"
CSV = {
    "ml/ratings.csv": f"{RATINGS}1,10,4.0,964982703\n2,20,0.5,964982704\n",
    "ml/movies.csv": f'{MOVIES}10,"Matrix, The (1999)",Action|Sci-Fi\n20,"Say ""NA""",(no genres listed)\n',
}
DOUBLE_COLON = {
    "ml-1m/ratings.dat": "1::10::4::964982703\n2::20::0.5::964982704\n",
    "ml-1m/movies.dat": '10::Matrix, The (1999)::Action|Sci-Fi\n20::Say "NA"::(no genres listed)\n',
}
TAB = {
    "ml-100k/u.data": "1\t10\t4\t964982703\n2\t20\t0.5\t964982704\n",
    "ml-100k/u.item": (
        "10|Matrix, The (1999)|01-Jan-1999||http://a|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0|1|0|0|0\n"
        '20|Say "NA"|||http://b|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n'
    ),
}

BASES = {"ml": CSV, "ml-1m": DOUBLE_COLON, "ml-100k": TAB}


@pytest.mark.parametrize("members", BASES.values(), ids=BASES)
def test_every_layout_gives_the_same_tables(make_zip: MakeZip, members: dict[str, str]) -> None:
    release = read(make_zip(members))
    assert release.ratings.to_dict("list") == {
        "user_id": [1, 2],
        "movie_id": [10, 20],
        "rating": [4, 0.5],
        "timestamp": [964982703, 964982704],
    }
    assert release.movies["movie_id"].tolist() == [10, 20]
    assert release.movies["title"].tolist() == ["Matrix, The (1999)", 'Say "NA"']
    assert release.movies["genres"].tolist() == ["Action|Sci-Fi", "(no genres listed)"]
    assert release.tags.empty


VALID = {
    "a byte-order mark and Windows line ends": f"\ufeff{RATINGS}1,10,4,5\n2,20,0.5,6".replace("\n", "\r\n"),
    "blank lines": f"{RATINGS}\n1,10,4.0,5\n\n2,20,0.5,6\n\n",
    "quotes and ids as floats": f'{RATINGS}"1","10","4","5"\n2.0,20.0,"0.5",6.0\n',
    "more columns, in any order": 'timestamp,a,rating,userId,movieId\n5,"b,\nc",4,1,10\n6,é愛,0.5,2,20\n',
}


@pytest.mark.parametrize("content", VALID.values(), ids=VALID)
def test_ratings_csv_may_have(make_zip: MakeZip, content: str) -> None:
    ratings = read(make_zip({**CSV, "ml/ratings.csv": content})).ratings
    assert ratings.to_numpy().tolist() == [[1, 10, 4, 5], [2, 20, 0.5, 6]]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_older_layouts_are_read_in_either_encoding(make_zip: MakeZip, encoding: str) -> None:
    movies = "10::Misérables: Part 1, Les (1995)::Drama\n".encode(encoding)
    release = read(make_zip({**DOUBLE_COLON, "ml-1m/movies.dat": movies}))
    assert release.movies["title"].tolist() == ["Misérables: Part 1, Les (1995)"]


TRAINING_FILES = {"ml-1m": "ml-1m/r1.train", "ml-100k": "ml-100k/u1.base"}


@pytest.mark.parametrize("name", TRAINING_FILES)
def test_the_ratings_of_a_fold_are_those_to_train_on_then_those_to_test(make_zip: MakeZip, name: str) -> None:
    base, path = BASES[name], Path(TRAINING_FILES[name])
    first, second = next(iter(base.values())).splitlines()
    parts = {str(path): second, str(path.with_suffix(".test")): first, f"{name}/u9.base": ""}
    release = read(make_zip(base | parts), path.stem)
    assert release.ratings["user_id"].tolist() == [2, 1]
    assert release.n_test == 1
    assert read(make_zip(base | parts)).n_test == 0
    with pytest.raises(UserError, match=rf"made\.zip .*'u9', only {path.stem}"):
        read(make_zip(base | parts), "u9")
    with pytest.raises(UserError, match=rf"{path.name} and {path.stem}\.test: userId"):
        read(make_zip(base | parts | {str(path): first}), path.stem)


def test_control_characters_become_spaces(make_zip: MakeZip) -> None:
    movies = f'{MOVIES}10,"Two\r\nlines\x1b[31m\u2028",A\n20,NA,"B\r"\n'
    tags = 'userId,movieId,tag,timestamp\n2,10,"dark,\rslow",1445714994\n'
    release = read(make_zip({**CSV, "ml/movies.csv": movies, "ml/tags.csv": tags}))
    assert release.movies["title"].tolist() == ["Two lines [31m ", "NA"]
    assert release.movies["genres"].tolist() == ["A", "B "]
    assert release.tags.to_dict("records") == [{"user_id": 2, "movie_id": 10, "tag": "dark, slow"}]


def test_files_are_found_in_any_folder_and_case(make_zip: MakeZip) -> None:
    members = {"../RATINGS.csv": CSV["ml/ratings.csv"], "Movies.CSV": CSV["ml/movies.csv"]}
    of_macos = {"__MACOSX/ratings.csv": "\0", "other/ratings.csv/": ""}
    assert read(make_zip(members | of_macos)).ratings["user_id"].tolist() == [1, 2]


INVALID_RATINGS: dict[str, tuple[str, list[str]]] = {
    "a word for a number": ("1,10,4,5\n1,20,good,5\n", ["line 3", "'good'"]),
    "a fraction for an id": ("1.5,10,4,5\n", ["line 2", "userId", "'1.5'"]),
    "an id beyond 64 bits": (f"{10**30},1,4,5\n", ["line 2", "userId", "'1000"]),
    "a wrong cell after blank lines": ("\n\n1,x,4,5\n", ["line 4", "movieId", "'x'"]),
    "a wrong star after blank lines": ("\n1,10,4,5\n\n \n1,11,9,5\n", ["line 6", "rating 9"]),
    "nothing but commas": ("1,10,4,5\n,,,\n", ["line 3", "Id is ''"]),
    "an id that floats round": (f"1.0,10,4,5\n{2**53 + 1},10,4,5\n", ["line 3", "2^53"]),
    "no line below the header": ("", ["no ratings"]),
    "a truncated line": ("1,10,4,5\n2,20", ["line 3", "rating", "''"]),
    "a long first line": ("1,10,4,5,6\n", ["line 2"]),
    "a long line": ("1,10,4,5\n2,20,4,5,6\n", ["line 3", "saw 5"]),
    "an open quote": ('1,"10,4,5\n2,20,4,5\n', ["EOF inside string"]),
    "stars above 5": ("1,10,4,5\n2,10,7,5\n", ["line 3", "userId 2", "rating 7"]),
    "stars between steps": ("2,10,3.3,5\n", ["line 2", "rating 3.3", "0.5"]),
    "a negative id": ("2,-10,3,5\n", ["line 2", "movieId -10"]),
    "milliseconds": ("2,10,3,964982703000\n", ["line 2", "timestamp 964982703000"]),
    "a movie rated twice": ("1,10,4,5\n2,10,4,5\n1,10,3,6\n", ["line 4", "userId 1, movieId 10"]),
}
FLAGS = TAB["ml-100k/u.item"].replace("|1|", "|yes|", 1)
LATIN_1 = f"{MOVIES}10,A,B\n20,Amélie,B\n".encode("latin-1")
INVALID: dict[str, tuple[str, str | bytes, list[str]]] = {
    "no column": ("ml/ratings.csv", "userId,movieId,timestamp\n", ["rating", "userId,movieId,time"]),
    "no line": ("ml/ratings.csv", "", []),
    "the encoding UTF-16": ("ml/ratings.csv", RATINGS.encode("utf-16"), ["line 1", "userId"]),
    "the encoding Latin-1": ("ml/movies.csv", LATIN_1, ["line 3", "title", "Am\ufffdlie", "UTF-8"]),
    "a break in a title": ("ml/movies.csv", f'{MOVIES}10,"A\n(1999)",B\n\n10,C,B\n', ["line 5", "title C"]),
    "an endless title": ("ml/movies.csv", f"{MOVIES}10,{'A' * 10**6},B\n", ["line 2", "title", "1000 char"]),
    "a movie listed twice": ("ml/movies.csv", f"{MOVIES}10,A,B\n10,C,B\n", ["line 3", "movieId 10, title C"]),
    "long tags": ("ml/tags.csv", "userId,movieId,tag\n1,10,a,b,c\n", ["line 2"]),
    "long ratings.dat": ("ml-1m/ratings.dat", "1::10::4::5\n1::10::4::5::6\n", ["line 2", "saw 5"]),
    "a wrong id in movies.dat": ("ml-1m/movies.dat", "10::A::B\nx::A::B\n", ["line 2", "movieId", "'x'"]),
    "a wrong flag in u.item": ("ml-100k/u.item", FLAGS, ["line 1", "Action", "'yes'"]),
    **{name: ("ml/ratings.csv", RATINGS + rows, parts) for name, (rows, parts) in INVALID_RATINGS.items()},
}


@pytest.mark.parametrize(("file", "content", "parts"), INVALID.values(), ids=INVALID)
def test_an_error_names_the_place_of(make_zip: MakeZip, file: str, content: Any, parts: list[str]) -> None:
    with pytest.raises(UserError) as error:
        read(make_zip({**BASES[Path(file).parent.name], file: content}))
    for part in [file, *parts]:
        assert part in str(error.value)


ENDLESS = MOVIES + "".join(f"{n},A,{n}\n" for n in range(201))
FOLD = {**CSV, "u1.base": f"{RATINGS}1,10,4,5\n", "u1.test": f"{RATINGS}1,20,4,5\n"}
INVALID_ZIPS: dict[str, tuple[dict[str, str], str | None, str]] = {
    "without ratings": ({"ml/inner.zip": "PK"}, None, r"made\.zip .*ratings\.csv.*inner\.zip"),
    "with two of one name": ({**CSV, "old/Ratings.csv": ""}, None, "ml/ratings.csv and old/Ratings.csv"),
    "with endless genres": ({**CSV, "ml/movies.csv": ENDLESS}, None, "201 different genres"),
    "without folds": (CSV, "u1", r"made\.zip .*'u1'"),
    "without test ratings": ({**FOLD, "u1.test": RATINGS}, "u1", "u1.test contains no ratings"),
    "with two files to train on": ({**FOLD, "u1.train": RATINGS}, "u1", "u1.train"),
}


@pytest.mark.parametrize(("members", "fold", "named"), INVALID_ZIPS.values(), ids=INVALID_ZIPS)
def test_an_error_names_files_of_a_zip(make_zip: MakeZip, members: Any, fold: str | None, named: str) -> None:
    with pytest.raises(UserError, match=named):
        read(make_zip(members), fold)


def encrypt(content: bytes) -> bytes:
    """Set the flag of the first member in its local and central header."""
    central = content.index(b"PK\1\2") + 8
    return content[:6] + b"\1" + content[7:central] + b"\1" + content[central + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a web page": lambda content: b"<html>Log in</html>",
    "truncated": lambda content: content[:-2_000],
    "overwritten": lambda content: content[:2_000] + bytes(40) + content[2_040:],
    "encrypted": encrypt,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_an_error_names_the_zip_that_is(tmp_path: Path, small_zip: Path, damage: Any) -> None:
    (tmp_path / "damaged.zip").write_bytes(damage(small_zip.read_bytes()))
    with pytest.raises(UserError, match=r"damaged\.zip .*dvc repro -f fetch"):
        read(tmp_path / "damaged.zip")


def test_a_release_that_would_not_fit_in_memory_is_an_error(small_zip: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000)
    with pytest.raises(UserError, match=r"small\.zip would take .* choose a smaller dataset"):
        read(small_zip)


def test_ids_elsewhere_are_read_from_links(make_zip: MakeZip) -> None:
    links = "movieId,imdbId,tmdbId\n10,0133093,\n30,0000001,2\n"
    movies = read(make_zip({**CSV, "ml/links.csv": links})).movies.fillna("none")
    assert movies[["imdb_id", "tmdb_id"]].to_numpy().tolist() == [["0133093", ""], ["none", "none"]]
