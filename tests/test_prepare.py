"""prepare: the zip's ratings in three parts, with contiguous indices."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stages import prepare
from stages.core.cli import UserError
from stages.movielens import layouts
from stages.movielens.ratings import Ratings
from stages.movielens.tables import read_movies
from stages.prepare import index, split
from tests.conftest import Capture, MakeZip, prepare_parameters
from tests.repository import DEFAULTS

RELEASE = {
    "ratings.csv": "userId,movieId,rating,timestamp\n" + "".join(f"{n},{10 + n % 3},4,1\n" for n in range(9)),
    "movies.csv": "movieId,title,genres\n10,,B\n12,C,D\n",
}


def run(directory: Path, archive: Path, **changes: object) -> Path:
    """Run the stage on a zip in `directory`; the folder that it prepared."""
    (directory / "raw").mkdir(exist_ok=True)
    (directory / "raw" / "a.zip").write_bytes(archive.read_bytes())
    params = directory / "params.yaml"
    params.write_text(yaml.safe_dump({**DEFAULTS, "dataset": "a.zip", **changes}))
    prepare.main(directory / "raw", directory / "prepared", directory / "prepared" / "data.json", params)
    return directory / "prepared"


def load_parts(prepared: Path) -> list[Ratings]:
    return [Ratings.load(prepared / f"{name}.pt") for name in ("train", "validation", "test")]


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


ids = st.integers(0, 2**40)


@given(st.lists(st.tuples(ids, ids, st.integers(1, 10)), min_size=1, unique_by=lambda row: row[:2]))
def test_ids_are_recovered_from_contiguous_indices(rows: list[tuple[int, int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating"])
    ratings, user_ids, movie_ids = index(frame.assign(rating=frame["rating"] / 2, timestamp=range(len(rows))))
    assert user_ids[ratings.user.numpy()].tolist() == frame["user_id"].tolist()
    assert movie_ids[ratings.movie.numpy()].tolist() == frame["movie_id"].tolist()
    assert set(ratings.user.tolist()) == set(range(ratings.n_users))
    assert set(ratings.movie.tolist()) == set(range(ratings.n_movies))


@given(st.integers(10, 300), st.floats(0, 0.5), st.floats(0, 0.4), st.sampled_from(["random", "temporal"]))
def test_every_rating_is_in_exactly_one_part(n: int, test: float, validation: float, kind: str) -> None:
    parameters = prepare_parameters(split=kind, test_fraction=test, validation_fraction=validation)
    parts = split(parameters, torch.arange(n).flip(0))
    assert torch.equal(torch.cat(list(parts.values())).sort().values, torch.arange(n))
    assert (len(parts["test"]), len(parts["validation"])) == (round(test * n), round(validation * n))


@pytest.mark.parametrize(("test", "validation"), [(0.5, 0.5), (0.999, 0), (0.6, 0.6)])
def test_a_split_without_training_ratings_is_an_error(test: float, validation: float) -> None:
    parameters = prepare_parameters(test_fraction=test, validation_fraction=validation)
    counts = f"10 ratings.* {round(10 * test)} .* {round(10 * validation)} "
    with pytest.raises(UserError, match=f"{counts}.*test_fraction or validation_fraction"):
        split(parameters, torch.arange(10))


def test_a_temporal_split_holds_out_the_newest_and_of_equal_times_the_last_lines() -> None:
    parameters = prepare_parameters(split="temporal", test_fraction=0.2, validation_fraction=0.1)
    parts = split(parameters, torch.tensor([9, 1, 9, 1, 9, 1, 9, 1, 9, 1]))
    assert [part.tolist() for part in parts.values()] == [[0, 1, 2, 3, 5, 7, 9], [4], [6, 8]]


def test_the_parts_contain_the_ratings_of_the_zip(tmp_path: Path, small_zip: Path) -> None:
    prepared = run(tmp_path, small_zip)
    user_id = pd.read_csv(prepared / "users.csv")["user_id"].to_numpy()
    movie_id = read_movies(prepared / "movies.csv")["movie_id"].to_numpy()
    rows: list[tuple[int, int, float]] = []
    for part in load_parts(prepared):
        rows += zip(user_id[part.user], movie_id[part.movie], part.rating.tolist(), strict=True)
    release = layouts.read(small_zip).ratings[["user_id", "movie_id", "rating"]]
    assert sorted(rows) == sorted(release.itertuples(index=False, name=None))


def test_a_zip_gives_the_same_bytes_or_none(tmp_path: Path, small_zip: Path, make_zip: MakeZip) -> None:
    first = contents(run(tmp_path, small_zip))
    assert contents(run(tmp_path, small_zip)) == first
    with pytest.raises(UserError, match=r"tags\.csv"):
        run(tmp_path, make_zip({**RELEASE, "tags.csv": "userId,movieId,tag\n1,2,3,4\n"}))
    (tmp_path / "raw" / "b.zip").touch()
    with pytest.raises(UserError, match=r"2 zips.*dvc repro -f fetch"):
        run(tmp_path, small_zip)
    assert contents(tmp_path / "prepared") == first


def test_movies_without_a_title_are_a_warning(tmp_path: Path, make_zip: MakeZip, capsys: Capture) -> None:
    prepared = run(tmp_path, make_zip(RELEASE))
    titles = read_movies(prepared / "movies.csv")["title"].tolist()
    assert titles == ["untitled (id 10)", "untitled (id 11)", "C"]
    assert "2 rated movies have no title (id 10, 11)" in capsys.readouterr().err


@pytest.mark.parametrize("validation", [0, 0.2])
def test_a_predefined_split_is_that_of_the_fold(tmp_path: Path, make_zip: MakeZip, validation: float) -> None:
    rows = RELEASE["ratings.csv"].splitlines(keepends=True)
    fold = {"u2.base": "".join(rows[:8]), "u2.test": "".join([rows[0], *rows[8:]])}
    changes = {"split": "predefined", "fold": "u2", "validation_fraction": validation}
    prepared = run(tmp_path, make_zip({**RELEASE, **fold}), **changes)
    train, held_out, test = load_parts(prepared)
    assert pd.read_csv(prepared / "users.csv")["user_id"][test.user.numpy()].tolist() == [7, 8]
    assert (len(train) + len(held_out), len(held_out)) == (7, round(9 * validation))
    assert test.n_users == 9


def test_the_real_release_has_the_counts_of_the_notebook(tmp_path: Path, real_zip: Path) -> None:
    statistics = json.loads((run(tmp_path, real_zip) / "statistics.json").read_text())
    expected = {"n_users": 610, "n_movies": 9_724, "n_catalogue": 9_742, "n_ratings": 100_836}
    assert expected.items() <= statistics.items()
    assert statistics["density"] == pytest.approx(0.0170, abs=5e-5)
    assert statistics["ratings_per_user"]["min"] == 20
