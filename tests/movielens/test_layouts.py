"""Three layouts, one pair of frames; what cannot be read is named."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from stages.core.cli import UserError
from stages.movielens.layouts import MOVIES, RATINGS, read
from tests.conftest import MakeZip

CSV = {
    "ml/ratings.csv": "userId,movieId,rating,timestamp\n1,10,4.0,964982703\n2,20,0.5,964982704\n",
    "ml/movies.csv": (
        'movieId,title,genres\n10,"Matrix, The (1999)",Action|Sci-Fi\n20,"Say ""NA""",(no genres listed)\n'
    ),
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


@pytest.mark.parametrize("members", [CSV, DOUBLE_COLON, TAB], ids=["csv", "double colon", "tab"])
def test_every_layout_gives_the_same_frames(make_zip: MakeZip, members: dict[str, str]) -> None:
    release = read(make_zip(members))
    expected = pd.DataFrame(
        {
            "user_id": [1, 2],
            "movie_id": [10, 20],
            "rating": [4.0, 0.5],
            "timestamp": [964982703, 964982704],
        }
    )
    pd.testing.assert_frame_equal(release.ratings, expected.astype(RATINGS))
    assert release.movies["movie_id"].tolist() == [10, 20]
    assert release.movies["title"].tolist() == ["Matrix, The (1999)", 'Say "NA"']
    assert release.movies["genres"].tolist() == ["Action|Sci-Fi", "(no genres listed)"]
    assert list(release.movies) == list(MOVIES)


def test_tags_are_read_where_there_are_any(make_zip: MakeZip) -> None:
    tags = 'userId,movieId,tag,timestamp\n2,10,"dark, slow",1445714994\n'
    assert read(make_zip(CSV)).tags.empty
    found = read(make_zip({**CSV, "ml/tags.csv": tags})).tags
    assert found.to_dict("records") == [{"user_id": 2, "movie_id": 10, "tag": "dark, slow"}]


def test_titles_in_latin_1_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ml-1m.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml-1m/ratings.dat", "1::10::4::964982703\n")
        archive.writestr("ml-1m/movies.dat", "10::Misérables, Les (1995)::Drama\n".encode("latin-1"))
    assert read(path).movies["title"].tolist() == ["Misérables, Les (1995)"]


def test_columns_are_found_by_name_behind_a_byte_order_mark_and_crlf(make_zip: MakeZip) -> None:
    ratings = "\ufefftimestamp,extra,rating,userId,movieId\r\n964982703,x,4.0,1,10\r\n"
    release = read(make_zip({**CSV, "ml/ratings.csv": ratings}))
    assert release.ratings.loc[0].to_dict() == {
        "user_id": 1,
        "movie_id": 10,
        "rating": 4.0,
        "timestamp": 964982703,
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ml/ratings.csv", "", "ratings.csv: column user_id is missing"),
        ("ml/ratings.csv", "userId,movieId,rating\n1,10,4.0\n", "column timestamp is missing; the header is"),
        ("ml/ratings.csv", "userId,userId,movieId,rating,timestamp\n", "user_id appears more than once"),
        ("ml/ratings.csv", "userId,movieId,rating,timestamp\n1,10,4,5\n1,x,4,5\n", "line 3: movie_id is 'x'"),
        ("ml/ratings.csv", "userId,movieId,rating,timestamp\n1,10,good,5\n", "line 2: rating is 'good'"),
        ("ml/ratings.csv", "userId,movieId,rating,timestamp\n1,10,,5\n", "line 2: rating is ''"),
        ("ml/ratings.csv", "userId,movieId,rating,timestamp\n1.5,10,4,5\n", "line 2: user_id is '1.5'"),
        ("ml/ratings.csv", f"userId,movieId,rating,timestamp\n{10**30},1,4,5\n", "line 2: user_id is '1000"),
        (
            "ml/ratings.csv",
            "userId,movieId,rating,timestamp\n1,1,4,5\n1,2,4\n",
            "line 3: '1,2,4' has 3 cells instead of 4",
        ),
        ("ml/movies.csv", "movieId,title,genres\nten,A,B\n", "movies.csv, line 2: movie_id is 'ten'"),
    ],
)
def test_a_cell_or_column_that_is_wrong_is_named(
    make_zip: MakeZip, name: str, content: str, message: str
) -> None:
    with pytest.raises(UserError) as error:
        read(make_zip({**CSV, name: content}))
    assert message in str(error.value)


def test_a_line_that_is_no_movie_is_named(make_zip: MakeZip) -> None:
    with pytest.raises(UserError, match=r"movies\.dat, line 2: '20::Bad' is not id::title::genres"):
        read(make_zip({**DOUBLE_COLON, "ml-1m/movies.dat": "10::A::B\n20::Bad\n"}))


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml/ratings.csv", CSV["ml/ratings.csv"])
        archive.writestr("ml/movies.csv", "movieId,title,genres\n10,Misérables,Drama\n".encode("latin-1"))
    with pytest.raises(
        UserError, match=r"ml/movies\.csv, line 2: b'\\xe9' is not UTF-8; save the file as UTF-8"
    ):
        read(path)


def test_a_zip_without_ratings_says_what_it_holds(make_zip: MakeZip) -> None:
    with pytest.raises(UserError, match=r"neither ratings\.csv with movies\.csv nor .* but movies\.csv"):
        read(make_zip({"ml/movies.csv": CSV["ml/movies.csv"]}))


def test_a_truncated_zip_is_refused(tmp_path: Path, small_zip: Path) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(small_zip.read_bytes()[:-2_000])
    with pytest.raises(UserError, match=r"cut\.zip is no complete, readable zip"):
        read(path)


def test_a_damaged_zip_is_refused(tmp_path: Path, small_zip: Path) -> None:
    content = bytearray(small_zip.read_bytes())
    content[2_000:2_040] = bytes(40)
    path = tmp_path / "damaged.zip"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"damaged\.zip is no complete, readable zip"):
        read(path)
