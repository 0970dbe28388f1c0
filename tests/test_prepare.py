"""prepare: ids come back from indices, splits are disjoint and complete, and facts are counted right."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stages import prepare
from stages.core.cli import UserError
from stages.movielens import layouts
from stages.movielens.movies import read_movies
from stages.movielens.ratings import Ratings
from stages.movielens.tables import describe, movies_table, side_information, tags_table, users_table
from stages.prepare import index, split
from tests.conftest import MakeZip, make_ratings, prepare_parameters
from tests.repository import DEFAULTS

PARTS = ("train", "validation", "test")

RATINGS = {"ml/ratings.csv": "userId,movieId,rating,timestamp\n1,10,4,1\n"}
MOVIES = {"ml/movies.csv": "movieId,title,genres\n10,A,B\n"}


def run(directory: Path, archive: Path, **changes: object) -> Path:
    """Run the stage on a zip in `directory`, and give the folder that it prepared."""
    (directory / "raw").mkdir(exist_ok=True)
    (directory / "raw" / "a.zip").write_bytes(archive.read_bytes())
    (directory / "params.yaml").write_text(yaml.safe_dump({**DEFAULTS, "dataset": "a.zip", **changes}))
    prepare.main(
        directory / "raw", directory / "prepared", directory / "data.json", directory / "params.yaml"
    )
    return directory / "prepared"


@given(
    st.lists(
        st.tuples(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(1, 10)),
        min_size=1,
        max_size=50,
        unique_by=lambda row: row[:2],
    )
)
def test_ids_come_back_from_indices(rows: list[tuple[int, int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating"])
    ratings, user_ids, movie_ids = index(frame.assign(rating=frame["rating"] / 2, timestamp=range(len(rows))))
    assert user_ids[ratings.user.numpy()].tolist() == frame["user_id"].tolist()
    assert movie_ids[ratings.movie.numpy()].tolist() == frame["movie_id"].tolist()
    assert set(ratings.user.tolist()) == set(range(ratings.n_users))
    assert set(ratings.movie.tolist()) == set(range(ratings.n_movies))


@given(
    st.integers(10, 300),  # of fewer, rounding up both parts may leave none to train on
    st.floats(0, 0.5),
    st.floats(0, 0.4),
    st.sampled_from(["random", "temporal"]),
    st.integers(0, 2**31),
)
def test_every_rating_is_in_exactly_one_part(
    n_ratings: int, test: float, validation: float, kind: str, seed: int
) -> None:
    parameters = prepare_parameters(split=kind, test_fraction=test, validation_fraction=validation, seed=seed)
    parts = split(parameters, torch.arange(n_ratings).flip(0))
    assert torch.equal(torch.cat(parts).sort().values, torch.arange(n_ratings))
    assert len(parts.test) == round(test * n_ratings)
    assert len(parts.validation) == round(validation * n_ratings)


def test_parts_that_leave_nothing_to_train_on_are_refused() -> None:
    parameters = prepare_parameters(test_fraction=0.5, validation_fraction=0.25)  # 2 and 1 of 3 ratings
    message = r"of 3 ratings, test_fraction 0\.5 and validation_fraction 0\.25 leave none to train on"
    with pytest.raises(UserError, match=message):
        split(parameters, torch.arange(3))


def test_the_same_seed_splits_alike_and_another_differently() -> None:
    timestamp = torch.zeros(1_000, dtype=torch.int64)
    first, again, other = (
        split(prepare_parameters(seed=seed), timestamp).test.tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_a_temporal_split_holds_out_the_newest() -> None:
    timestamp = torch.randperm(1_000, generator=torch.Generator().manual_seed(0))
    parts = split(prepare_parameters(split="temporal"), timestamp)
    assert timestamp[parts.train].max() < timestamp[parts.validation].min()
    assert timestamp[parts.validation].max() < timestamp[parts.test].min()


def test_of_equal_timestamps_the_later_line_is_the_newer() -> None:
    timestamp = torch.tensor([9, 1, 9, 1, 9, 1, 9, 1, 9, 1])
    parameters = prepare_parameters(split="temporal", test_fraction=0.2, validation_fraction=0.1)
    parts = split(parameters, timestamp)
    assert [part.tolist() for part in parts] == [[0, 1, 2, 3, 5, 7, 9], [4], [6, 8]]


def test_one_rating_to_train_on_is_enough() -> None:
    parts = split(prepare_parameters(test_fraction=0.5, validation_fraction=0.4), torch.arange(10))
    assert [len(part) for part in parts] == [1, 4, 5]


@pytest.mark.parametrize(("test", "validation"), [(0.5, 0.5), (0.999, 0), (0.6, 0.6)])
def test_a_split_that_leaves_nothing_to_train_on_is_refused(test: float, validation: float) -> None:
    parameters = prepare_parameters(test_fraction=test, validation_fraction=validation)
    with pytest.raises(UserError, match=f"test_fraction {test:g} and validation_fraction {validation:g}"):
        split(parameters, torch.arange(10))


def test_movies_are_described_by_all_their_ratings() -> None:
    ratings = make_ratings([(0, 0, 4.0), (1, 0, 5.0), (0, 1, 0.5)], n_users=2, n_movies=2)
    movies = pd.DataFrame(
        {
            "movie_id": [30, 20, 10],
            "title": ["Comma, The (1999)", "No Year", "Never Rated (2000)"],
            "genres": ["A|B", "(no genres listed)", "C"],
        }
    )
    described = movies_table(ratings, np.array([20, 30]), movies)
    assert described.to_dict("list") == {
        "movie": [0, 1],
        "movie_id": [20, 30],
        "title": ["No Year", "Comma, The"],
        "year": [None, 1999],
        "genres": ["", "A|B"],
        "n_ratings": [2, 1],
        "mean_rating": [4.5, 0.5],
    }


def test_users_are_described_by_all_their_ratings() -> None:
    ratings = make_ratings([(0, 0, 4.0), (1, 0, 5.0), (0, 1, 0.5)], n_users=2, n_movies=2)
    assert users_table(ratings, np.array([7, 9])).to_numpy().tolist() == [[0, 7, 2], [1, 9, 1]]


def test_side_information_is_genres_and_five_years() -> None:
    movies = pd.DataFrame({"genres": ["A|B", "", "B"], "year": pd.array([1994, None, 1999], dtype="Int64")})
    known = side_information(movies)
    assert known["genres"].flatten().tolist() == pytest.approx([0.5**0.5, 0.5**0.5, 0, 0, 0, 1])
    assert known["period"].tolist() == [[1, 0], [0, 0], [0, 1]]


def test_a_release_without_genres_and_years_has_side_information_without_columns() -> None:
    movies = pd.DataFrame({"genres": ["", ""], "year": pd.array([None, None], dtype="Int64")})
    assert {name: tuple(matrix.shape) for name, matrix in side_information(movies).items()} == {
        "genres": (2, 0),
        "period": (2, 0),
    }


def test_tags_count_the_people_who_gave_them_to_a_movie_and_at_all() -> None:
    tags = pd.DataFrame(
        [(1, 20, "Dark"), (2, 20, "dark "), (1, 30, "dark"), (1, 20, "to watch"), (3, 99, "dark")],
        columns=["user_id", "movie_id", "tag"],
    )
    found = tags_table(tags, np.array([20, 30]))
    assert found.to_numpy().tolist() == [[0, "dark", 2, 2], [0, "to watch", 1, 1], [1, "dark", 1, 2]]


def test_a_release_without_tags_has_a_table_without_rows() -> None:
    nothing = pd.DataFrame({"user_id": [], "movie_id": [], "tag": pd.Series(dtype="str")})
    assert tags_table(nothing, np.array([20])).columns.tolist() == [
        "movie",
        "tag",
        "n_users",
        "n_users_of_tag",
    ]


def test_facts_are_counted_right() -> None:
    ratings = make_ratings([(0, 0, 4.0), (1, 0, 5.0), (0, 1, 3.0)], n_users=2, n_movies=2)
    assert describe(ratings, {"train": 2, "validation": 0, "test": 1}, n_catalogue=5) == {
        "n_users": 2,
        "n_movies": 2,
        "n_catalogue": 5,
        "n_ratings": 3,
        "matrix_size": 4,
        "density": 0.75,
        "mean_rating": 4.0,
        "n_train": 2,
        "n_validation": 0,
        "n_test": 1,
        "ratings_per_user": {"min": 1, "median": 1.5, "mean": 1.5, "max": 2},
        "ratings_per_movie": {"min": 1, "median": 1.5, "mean": 1.5, "max": 2},
    }


def test_the_parts_hold_the_ratings_of_the_zip_and_no_rating_twice(tmp_path: Path, small_zip: Path) -> None:
    prepared = run(tmp_path, small_zip)
    users, movies = pd.read_csv(prepared / "users.csv"), read_movies(prepared / "movies.csv")
    rows: set[tuple[int, int, float]] = set()
    for part in (Ratings.load(prepared / f"{name}.pt") for name in PARTS):
        user_id, movie_id = users["user_id"].to_numpy(), movies["movie_id"].to_numpy()
        ids = zip(user_id[part.user], movie_id[part.movie], part.rating.tolist(), strict=True)
        found = set(ids)
        assert not rows & found
        rows |= found
    release = layouts.read(small_zip).ratings
    expected = release[["user_id", "movie_id", "rating"]].itertuples(index=False, name=None)
    assert rows == set(expected)


def test_the_same_zip_gives_the_same_bytes(tmp_path: Path, small_zip: Path) -> None:
    first = {path.name: path.read_bytes() for path in run(tmp_path, small_zip).iterdir()}
    assert {path.name: path.read_bytes() for path in run(tmp_path, small_zip).iterdir()} == first


def test_a_wrong_release_leaves_no_output(tmp_path: Path, make_zip: MakeZip) -> None:
    archive = make_zip(
        {
            "ml/ratings.csv": "userId,movieId,rating,timestamp\n1,10,7.0,1\n",
            "ml/movies.csv": "movieId,title,genres\n10,A,B\n",
        }
    )
    with pytest.raises(UserError, match=r"line 2: .*rating 7, .*ratings go from"):
        run(tmp_path, archive)
    assert not (tmp_path / "prepared").exists()
    assert not (tmp_path / "data.json").exists()


WRONG_RELEASES: dict[str, dict[str, str]] = {
    "nothing": {},
    "ratings alone": RATINGS,
    "a rating off the scale": {"ml/ratings.csv": "userId,movieId,rating,timestamp\n1,10,7,1\n"} | MOVIES,
    "a time that overflows": {"ml/ratings.csv": f"userId,movieId,rating,timestamp\n1,10,4,{2**62}\n"}
    | MOVIES,
    "tags that are no table": RATINGS | MOVIES | {"ml/tags.csv": "userId,movieId,tag\n1,2,3,4\n"},
}


@pytest.mark.parametrize("members", WRONG_RELEASES.values(), ids=WRONG_RELEASES)
def test_what_was_prepared_before_stays_when_a_release_holds(
    tmp_path: Path, small_zip: Path, make_zip: MakeZip, members: dict[str, str]
) -> None:
    prepared = run(tmp_path, small_zip)
    earlier = {path.name: path.read_bytes() for path in prepared.iterdir()}
    facts = (tmp_path / "data.json").read_bytes()
    with pytest.raises(UserError):
        run(tmp_path, make_zip(members))
    assert {path.name: path.read_bytes() for path in prepared.iterdir()} == earlier
    assert (tmp_path / "data.json").read_bytes() == facts


def test_no_zip_at_all_says_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(DEFAULTS))
    with pytest.raises(UserError, match="dvc repro -f fetch"):
        prepare.main(tmp_path / "raw", tmp_path / "p", tmp_path / "m.json", tmp_path / "params.yaml")


def test_two_zips_are_one_too_many(tmp_path: Path, small_zip: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "b.zip").write_bytes(small_zip.read_bytes())
    with pytest.raises(UserError, match="should hold one zip, not 2"):
        run(tmp_path, small_zip)


def test_a_file_that_holds_no_ratings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.pt").write_bytes(b"no tensors")
    with pytest.raises(
        UserError, match="is damaged, or no file of tensors; make it anew with: dvc repro -f prepare"
    ):
        Ratings.load(tmp_path / "train.pt")


def test_the_real_release_has_the_counts_of_the_notebook(tmp_path: Path, real_zip: Path) -> None:
    run(tmp_path, real_zip)
    facts = json.loads((tmp_path / "data.json").read_text())
    expected = {"n_users": 610, "n_movies": 9_724, "n_catalogue": 9_742, "n_ratings": 100_836}
    assert expected.items() <= facts.items()
    assert facts["density"] == pytest.approx(0.0170, abs=5e-5)
    assert facts["ratings_per_user"]["min"] == 20
