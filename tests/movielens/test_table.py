"""Whatever a CSV file may hold is read as it was meant, or refused with the line and what is wrong there."""

import zipfile
from pathlib import Path

import pytest

from stages.core.cli import UserError
from stages.movielens.layouts import Release, read
from stages.movielens.validation import LATEST, check
from tests.movielens.test_layouts import CSV, DOUBLE_COLON, TAB

HEADER = "userId,movieId,rating,timestamp\n"
TITLES = "movieId,title,genres\n"
LONG = "very " * 40_000 + "long"


def read_with(directory: Path, **contents: str | bytes) -> Release:
    """The release of a zip whose ratings, movies or tags are these, checked."""
    with zipfile.ZipFile(directory / "a.zip", "w") as archive:
        for name, content in {
            "ratings": CSV["ml/ratings.csv"],
            "movies": CSV["ml/movies.csv"],
            **contents,
        }.items():
            archive.writestr(f"ml/{name}.csv", content)
    release = read(directory / "a.zip")
    check(release)
    return release


READ: dict[str, str] = {
    "as MovieLens writes them": f"{HEADER}1,10,4.0,5\n2,20,0.5,6\n",
    "a byte-order mark": f"\ufeff{HEADER}1,10,4.0,5\n2,20,0.5,6\n",
    "line ends of Windows": f"{HEADER}1,10,4.0,5\n2,20,0.5,6\n".replace("\n", "\r\n"),
    "line ends of old Macs": f"{HEADER}1,10,4.0,5\n2,20,0.5,6\n".replace("\n", "\r"),
    "no last line end": f"{HEADER}1,10,4.0,5\n2,20,0.5,6",
    "empty lines": f"{HEADER}\n1,10,4.0,5\n \n\n2,20,0.5,6\n\n",
    "numbers in quotes": f'{HEADER}"1","10","4.0","5"\n2,20,"0.5",6\n',
    "spaces around numbers": f"{HEADER}1 , 10, 4.0 ,5\n 2,20,.5, 6 \n",
    "signs and exponents": f"{HEADER}+1,10,4e0,5\n2,20,5e-1,6\n",
    "ids as another program wrote them": f"{HEADER}1.0,10.0,4.0,5.0\n2.0,20.0,0.5,6.0\n",
    "columns in another order": "rating,timestamp,userId,movieId\n4.0,5,1,10\n0.5,6,2,20\n",
    "columns that nobody asked for": f'note,{HEADER}"a,\nb",1,10,4.0,5\né愛,2,20,0.5,6\n',
    "such a column twice": "a,userId,movieId,a,rating,timestamp\n,1,10,,4.0,5\n,2,20,,0.5,6\n",
    "spaces in the header": "userId , movieId, rating,timestamp\n1,10,4.0,5\n2,20,0.5,6\n",
}


@pytest.mark.parametrize("content", READ.values(), ids=READ)
def test_ratings_are_read_with(tmp_path: Path, content: str) -> None:
    ratings = read_with(tmp_path, ratings=content).ratings
    assert ratings.to_numpy().tolist() == [[1, 10, 4.0, 5], [2, 20, 0.5, 6]]


TITLED: dict[str, tuple[str, str]] = {
    "a comma": ('"Matrix, The (1999)"', "Matrix, The (1999)"),
    "quotes": ('"Say ""NA"" (2000)"', 'Say "NA" (2000)'),
    "a quote within": ('5" (2000)', '5" (2000)'),
    "a line break": ('"Two\nlines"', "Two\nlines"),
    "letters of any language": ("Amélie 愛 (2001)", "Amélie 愛 (2001)"),
    "a word that could mean a gap": ("NA", "NA"),
    "more letters than any title": (LONG, LONG),
}


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "behind a byte-order mark"])
@pytest.mark.parametrize(("cell", "title"), TITLED.values(), ids=TITLED)
def test_a_title_is_read_with(tmp_path: Path, cell: str, title: str, mark: str) -> None:
    tags = f"{mark}userId,movieId,tag\n1,10,{cell}\n"
    release = read_with(tmp_path, movies=f"{mark}{TITLES}10,{cell},Drama\n20,B,C\n", tags=tags)
    assert release.movies["title"].tolist() == [title, "B"]
    assert release.tags["tag"].tolist() == [title]


@pytest.mark.parametrize("content", ["userId,movieId,tag\n", "userId,movieId,tag"])
def test_a_file_of_tags_may_have_none(tmp_path: Path, content: str) -> None:
    assert read_with(tmp_path, tags=content).tags.empty


@pytest.mark.parametrize("number", [2**31, 2**53 + 1, 2**62, 2**63 - 1])
def test_large_ids_come_back_exactly(tmp_path: Path, number: int) -> None:
    movies = f"{TITLES}{number},A,B\n"
    release = read_with(tmp_path, ratings=f"{HEADER}{number},{number},4,{LATEST}\n", movies=movies)
    assert release.ratings["user_id"].tolist() == release.movies["movie_id"].tolist() == [number]
    assert release.ratings["timestamp"].tolist() == [LATEST]


WRONG_RATINGS: dict[str, tuple[str, str]] = {
    "no column of ratings": (
        "userId,movieId,timestamp\n1,10,5\n",
        "column rating is missing; the header is 'userId,",
    ),
    "two columns of ratings": (
        f"rating,{HEADER}4,1,10,4,5\n",
        "column rating appears more than once; the header",
    ),
    "no header": ("1,10,4,5\n", "column user_id is missing; the header is '1,10,4,5'"),
    "another separator": (
        f"{HEADER}1,10,4,5\n".replace(",", ";"),
        "is missing; the header is 'userId;movieId",
    ),
    "the encoding of Windows": ("\ufeffuserId", "column user_id is missing; the header is"),
    "a header without end": ("x" * 200_000, "column user_id is missing; the header is 'xxx"),
    "a header alone": (HEADER, "ml/ratings.csv holds no rows"),
    "a first row too long": (
        f"{HEADER}1,10,4,5,6\n",
        "line 2: '1,10,4,5,6' has 5 cells instead of 4; put a cell",
    ),
    "a later row too long": (
        f"{HEADER}1,10,4,5\n2,20,4,5,6\n",
        "line 3: '2,20,4,5,6' has 5 cells instead of 4",
    ),
    "a row cut off": (f"{HEADER}1,10,4,5\n2,20", "line 3: '2,20' has 2 cells instead of 4; is it cut off"),
    "a decimal comma": (
        f"{HEADER}1,10,4,5,964982703\n",
        "line 2: '1,10,4,5,964982703' has 5 cells instead of 4",
    ),
    "a decimal comma in quotes": (f'{HEADER}1,10,"4,5",5\n', "line 2: rating is '4,5', which is no number"),
    "an empty rating": (f"{HEADER}1,10,,5\n", "line 2: rating is '', which is no number"),
    "NaN": (f"{HEADER}1,10,NaN,5\n", "line 2: rating is 'NaN', which is no number"),
    "an infinity": (
        f"{HEADER}1,10,inf,5\n",
        "line 2: user_id 1, movie_id 10, rating inf, timestamp 5: ratings go",
    ),
    "a number beyond measure": (
        f"{HEADER}1,10,1e308,5\n",
        r"rating 1e\+308, timestamp 5: ratings go from 0.5 to 5",
    ),
    "a number beyond that": (f"{HEADER}1,10,1e309,5\n", "line 2: user_id 1, movie_id 10, rating inf"),
    "two decimal points": (f"{HEADER}1,10,4.0.0,5\n", "line 2: rating is '4.0.0', which is no number"),
    "an underscore": (f"{HEADER}1_0,10,4,5\n", "line 2: user_id is '1_0', which is no whole number"),
    "an id with decimals": (f"{HEADER}1.5,10,4,5\n", "line 2: user_id is '1.5', which is no whole number"),
    "decimals beside a long id": (
        f"{HEADER}{2**53 + 1},10,4,5\n1.0,20,4,5\n",
        "line 3: user_id is '1.0', which is no whole number",
    ),
    "decimals beside the longest id": (
        f"{HEADER}{2**63 - 1},10,4,5\n1.0,20,4,5\n",
        "line 3: user_id is '1.0', which is no whole number",
    ),
    "a negative id": (
        f"{HEADER}1,10,4,5\n-1,10,4,5\n",
        "line 3: user_id -1, .*: user_id must not be negative",
    ),
    "an id of 64 bits": (
        f"{HEADER}{2**63},10,4,5\n",
        f"line 2: user_id is '{2**63}', which is no whole number of 64",
    ),
    "a long id before a wrong one": (
        f"{HEADER}{2**62},10,4,5\n1,x,4,5\n",
        "line 3: movie_id is 'x', which is no",
    ),
    "a wrong cell behind an exponent": (
        f"{HEADER}1,10,4e0,5\n1,x,4,5\n",
        "line 3: movie_id is 'x', which is no",
    ),
    "a cell of a megabyte": (
        f"{HEADER}1,{'x' * 2**20},4,5\n",
        f"line 2: movie_id is '{'x' * 60}'…, which is no",
    ),
    "a negative time": (f"{HEADER}1,10,4,-1\n", "timestamp -1: timestamp must not be negative"),
    "a time in the far future": (
        f"{HEADER}1,10,4,{2**62}\n",
        f"timestamp {2**62}: timestamp counts seconds since 1970",
    ),
    "milliseconds": (f"{HEADER}1,10,4,964982703000\n", f"964982703000: .* goes up to {LATEST}"),
    "a NUL byte": (f"{HEADER}1\x005,10,4,5\n", r"line 2: user_id is '1\\x005', which is no whole number"),
    "a quote that is not closed": (
        f'{HEADER}1,10,4,5\n1,"20,4,5\n2,10,4,5\n',
        "line 3: .* has 2 cells .* or a quote not",
    ),
    "a wrong cell after empty lines": (f"{HEADER}\n\n1,10,4,5\n\n1,x,4,5\n", "line 6: movie_id is 'x'"),
    "a wrong rating after empty lines": (f"{HEADER}\n\n1,10,4,5\n\n1,20,7,5\n", "line 6: .* rating 7, "),
    "a wrong cell after line breaks": (
        f'note,{HEADER}"a\n\nb",1,10,4,5\n,1,x,4,5\n',
        "line 5: movie_id is 'x'",
    ),
    "a wrong rating after line breaks": (
        f'note,{HEADER}"a\n\nb",1,10,4,5\n,1,20,7,5\n',
        "line 5: .* rating 7, ",
    ),
    "a wrong row after line breaks": (
        f'note,{HEADER}"a\n\nb",1,10,4,5\n,1,20\n',
        "line 5: ',1,20' has 3 cells",
    ),
    "a wrong cell with old line ends": (
        f"{HEADER}1,10,4,5\n1,x,4,5\n".replace("\n", "\r"),
        "line 3: movie_id is 'x'",
    ),
}


@pytest.mark.parametrize(("content", "message"), WRONG_RATINGS.values(), ids=WRONG_RATINGS)
def test_ratings_are_refused_with(tmp_path: Path, content: str, message: str) -> None:
    encoded = content.encode("utf-16-le" if content.startswith("\ufeff") else "utf-8")
    with pytest.raises(UserError, match=f"^ml/ratings.csv.*{message}|^{message}") as error:
        read_with(tmp_path, ratings=encoded)
    assert len(str(error.value)) < 300


WRONG_MOVIES: dict[str, tuple[str | bytes, str]] = {
    "a header alone": (TITLES, "ml/movies.csv holds no rows"),
    "no column of titles": (
        "movieId,genres\n10,B\n20,B\n",
        "column title is missing; the header is 'movieId,genres'",
    ),
    "a comma that is not quoted": (
        f"{TITLES}10,Matrix, The (1999),Action\n20,A,B\n",
        r"line 2: '10,Matrix, The \(1999\),Action' has 4 cells instead of 3; put a cell with ',' in it into",
    ),
    "such a comma further down": (
        f"{TITLES}10,A,B\n20,Say, what,B\n",
        "movies.csv, line 3: .* has 4 cells instead of 3",
    ),
    "an empty title": (
        f"{TITLES}10,,B\n20,A,B\n",
        "the list of movies has no title for id 10; each movie needs one",
    ),
    "a title of spaces": (f'{TITLES}10,A,B\n20,"  ",B\n', "the list of movies has no title for id 20"),
    "a title cut off": (f"{TITLES}10,A,B\n20", "the list of movies has no title for id 20"),
    "a row cut off behind the title": (
        f"{TITLES}10,A,B\n20,Ma",
        "has no genres for id 20; write .no genres listed.",
    ),
    "an id that is no number": (f"{TITLES}10,A,B\nx,A,B\n", "movies.csv, line 3: movie_id is 'x'"),
    "such an id after line breaks": (
        f'{TITLES}10,"A\n\nB",B\nx,A,B\n',
        "movies.csv, line 5: movie_id is 'x'",
    ),
    "letters that are not UTF-8": (
        f"{TITLES}10,A,B\n20,Amélie,B\n".encode("latin-1"),
        r"movies.csv, line 3: b'\\xe9' is not UTF-8; save the file as UTF-8",
    ),
    "an id twice": (f"{TITLES}10,A,B\n20,A,B\n10,{LONG},B\n", "has id 10 twice, again as 'very .*'…"),
    "a quote that is not closed": (
        f'{TITLES}10,"A,B\n20,A,B\n',
        "movies.csv, line 2: .* 2 cells .* or a quote not closed",
    ),
}


@pytest.mark.parametrize(("content", "message"), WRONG_MOVIES.values(), ids=WRONG_MOVIES)
def test_movies_are_refused_with(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        read_with(tmp_path, movies=content)
    assert len(str(error.value)) < 300


WRONG_ELSEWHERE: dict[str, tuple[dict[str, str], str, str, str]] = {
    "tags of five cells": (
        CSV,
        "ml/tags.csv",
        "userId,movieId,tag\n1,10,a,b,c\n",
        "line 2: '1,10,a,b,c' has 5 cells",
    ),
    "a rating with a cell too many": (
        DOUBLE_COLON,
        "ml-1m/ratings.dat",
        "1::10::4::5::6\n",
        "line 1: .* has 9 cells",
    ),
    "a rating with single colons": (
        DOUBLE_COLON,
        "ml-1m/ratings.dat",
        "1:10:4:5\n",
        "line 1: .* has 4 cells",
    ),
    "a movie's id beyond 64 bits": (
        DOUBLE_COLON,
        "ml-1m/movies.dat",
        f"{10**30}::A::B\n",
        "line 1: .* is not id::title",
    ),
    "a wrong movie after empty lines": (
        DOUBLE_COLON,
        "ml-1m/movies.dat",
        "10::A::B\n\n\n20::B\n",
        "line 4: '20::B' is not",
    ),
    "a rating with a tab too many": (
        TAB,
        "ml-100k/u.data",
        "1\t10\t4\t5\n1\t10\t4\t5\t6\n",
        "line 2: .* has 5 cells",
    ),
    "a movie without its flags": (
        TAB,
        "ml-100k/u.item",
        "10|Matrix, The (1999)|01-Jan-1999\n",
        "line 1: .* has 3 cells",
    ),
    "a movie's flag that is no number": (
        TAB,
        "ml-100k/u.item",
        TAB["ml-100k/u.item"].replace("|1|", "|yes|", 1),
        "line 1: Action is 'yes', which is no whole number",
    ),
}


@pytest.mark.parametrize(
    ("release", "name", "content", "message"), WRONG_ELSEWHERE.values(), ids=WRONG_ELSEWHERE
)
def test_a_release_is_refused_with(
    tmp_path: Path, release: dict[str, str], name: str, content: str, message: str
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for member, text in {**release, name: content}.items():
            archive.writestr(member, text)
    with pytest.raises(UserError, match=f"^{name}, {message}"):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("title", ["A\x85B", "A\u2028B", "A\x0bB", "Star Wars: Episode IV"])
def test_a_title_of_the_older_layout_may_have_any_character(tmp_path: Path, title: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("ml/ratings.dat", "\ufeff1::10::4::5\r\n")
        archive.writestr("ml/movies.dat", f"\ufeff10::{title}::Drama\r\n")
    assert read(tmp_path / "a.zip").movies["title"].tolist() == [title]
