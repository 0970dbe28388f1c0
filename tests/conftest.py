"""What several tests start from: a small generated release, and the real one where the mirror offers it."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from stages.movielens import layouts, synthetic
from stages.movielens.layouts import Release
from stages.movielens.ratings import Ratings
from stages.prepare import PrepareParameters, Split, index, split

SMALL = synthetic.Size(n_users=60, n_movies=150, n_ratings=3_000)

MakeZip = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="session")
def small_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("release") / "small.zip"
    path.write_bytes(synthetic.archive("small", SMALL, seed=7))
    return path


@pytest.fixture(scope="session")
def small_release(small_zip: Path) -> Release:
    return layouts.read(small_zip)


@pytest.fixture(scope="session")
def small_parts(small_release: Release) -> dict[str, Ratings]:
    """The small release's training, validation and test ratings."""
    ratings, _, _ = index(small_release.ratings)
    timestamp = torch.from_numpy(small_release.ratings["timestamp"].to_numpy(copy=True))
    parts = split(prepare_parameters(), timestamp)
    return {name: ratings[rows] for name, rows in Split._asdict(parts).items()}


@pytest.fixture
def make_zip(tmp_path: Path) -> MakeZip:
    """Makes a zip with the given members."""

    def make(members: dict[str, str]) -> Path:
        path = tmp_path / "made.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    return make


@pytest.fixture(scope="session")
def real_zip() -> Path:
    """The real ml-latest-small.zip, where MOVIELENS_MIRROR is a directory that has it."""
    mirror = os.environ.get("MOVIELENS_MIRROR", "")
    path = Path(mirror) / "ml-latest-small.zip"
    if not mirror or not path.is_file():
        pytest.skip("needs ml-latest-small.zip in the directory MOVIELENS_MIRROR")
    return path


def prepare_parameters(**changes: object) -> PrepareParameters:
    values = {
        "dataset": "small",
        "seed": 1,
        "split": "random",
        "test_fraction": 0.1,
        "validation_fraction": 0.05,
    }
    return PrepareParameters.check(values | changes)


def make_ratings(rows: list[tuple[int, int, float]], n_users: int, n_movies: int) -> Ratings:
    """Ratings from (user, movie, stars)."""
    user, movie, rating = zip(*rows, strict=True) if rows else ((), (), ())
    return Ratings(
        torch.tensor(user, dtype=torch.int64),
        torch.tensor(movie, dtype=torch.int64),
        torch.tensor(rating, dtype=torch.float32),
        n_users,
        n_movies,
    )


def zip_bytes(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
