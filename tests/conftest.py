"""Shared fixtures and builders: a small generated release, and the real one where the mirror offers it."""

import json
import os
import signal
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor

from stages.core.compute import threads_for
from stages.factorization.solver import Hyperparameters, Problem
from stages.movielens import layouts, synthetic
from stages.movielens.layouts import Release
from stages.movielens.ratings import Ratings, SideInformation
from stages.prepare import PrepareParameters, index, split
from tests.repository import DEFAULTS

# What a shell runs in the background ignores Ctrl-C, and so would all that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.recommender.builders"]

SMALL = synthetic.Size(n_users=60, n_movies=150, n_ratings=3_000)

Patch = pytest.MonkeyPatch
Capture = pytest.CaptureFixture[str]
Parts = dict[str, Ratings]
"""Ratings to train on, to validate and to test on, by name."""
MakeZip = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small fits run on one thread, as in the stages."""
    with threads_for(0):
        yield


@pytest.fixture(scope="session")
def small_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("release") / "small.zip"
    path.write_bytes(synthetic.archive("small", SMALL, seed=7))
    return path


@pytest.fixture(scope="session")
def small_release(small_zip: Path) -> Release:
    return layouts.read(small_zip)


@pytest.fixture(scope="session")
def small_parts(small_release: Release) -> Parts:
    """The small release's training, validation and test ratings."""
    ratings, _, _ = index(small_release.ratings)
    parts = split(prepare_parameters(), ratings.timestamp)
    return {name: ratings[rows] for name, rows in parts.items()}


@pytest.fixture
def train(small_parts: Parts) -> Ratings:
    return small_parts["train"]


@pytest.fixture
def make_zip(tmp_path: Path) -> MakeZip:
    """Makes a zip with the given members."""

    def make(members: Mapping[str, str | bytes]) -> Path:
        path = tmp_path / "made.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    return make


@pytest.fixture(scope="session")
def real_zip() -> Path:
    """The real ml-latest-small.zip, where MOVIELENS_MIRROR is a directory that has it."""
    path = Path(os.environ.get("MOVIELENS_MIRROR") or "/nowhere") / "ml-latest-small.zip"
    if not path.is_file():
        pytest.skip("needs ml-latest-small.zip in the directory MOVIELENS_MIRROR")
    return path


def prepare_parameters(**changes: object) -> PrepareParameters:
    return PrepareParameters.parse(DEFAULTS | {"dataset": "small", "seed": 1} | changes)


def make_ratings(rows: list[tuple[int, int, float]], n_users: int, n_movies: int) -> Ratings:
    """Ratings from (user, movie, stars), each on a day of its own."""
    user, movie = (torch.tensor([row[column] for row in rows], dtype=torch.int64) for column in (0, 1))
    stars = torch.tensor([row[2] for row in rows], dtype=torch.float32)
    return Ratings(user, movie, stars, torch.arange(len(rows)) * 86_400, n_users, n_movies)


DEGENERATE = {
    "one rating": make_ratings([(0, 0, 5.0)], 1, 1),
    "one user": make_ratings([(0, movie, 3.0 + movie / 2) for movie in range(3)], 1, 3),
    "one movie": make_ratings([(user, 0, 3.0 + user / 2) for user in range(3)], 3, 1),
    "all ratings equal": make_ratings([(user, movie, 4.0) for user in range(3) for movie in range(3)], 3, 3),
}


def hyperparameters(**changes: Any) -> Hyperparameters:
    return Hyperparameters.parse(DEFAULTS | changes)


def make_problem(
    train: Ratings,
    validation: Ratings | None = None,
    side_information: SideInformation | None = None,
    seed: int = 0,
) -> Problem:
    """A problem on the CPU; without validation ratings or side information unless they are given."""
    generator = torch.Generator().manual_seed(seed)
    held_out = train[:0] if validation is None else validation
    return Problem(train, held_out, side_information, torch.device("cpu"), generator)


def make_side_information(n_movies: int, **features: Tensor) -> SideInformation:
    """The given features, and zeros for all others."""
    nothing = {field.name: torch.zeros(n_movies, 1) for field in fields(SideInformation)}
    return SideInformation(**nothing | features)


def plant(
    n_users: int, n_movies: int, latent_factors: int, noise: float, share: float = 0.5
) -> tuple[Ratings, Ratings]:
    """Training and held-out ratings of a planted factorization with biases; each on a day of its own."""
    generator = torch.Generator().manual_seed(7)
    p, q = (torch.randn(n, latent_factors, generator=generator) for n in (n_users, n_movies))
    b, c = (0.4 * torch.randn(n, generator=generator) for n in (n_users, n_movies))
    user, movie = torch.cartesian_prod(torch.arange(n_users), torch.arange(n_movies)).T
    stars = 3.5 + b[user] + c[movie] + 0.5 * (p @ q.T).flatten()
    stars = stars + noise * torch.randn(len(user), generator=generator)
    days = torch.arange(len(user)) * 86_400
    planted = Ratings(user, movie, stars, days, n_users, n_movies)
    chosen = torch.rand(len(user), generator=generator) < share
    return planted[chosen], planted[~chosen]


def rmse(prediction: Tensor, rating: Tensor) -> float:
    """Root mean squared error."""
    return (prediction - rating).double().square().mean().sqrt().item()


def run_stage(main: Callable[..., None], directory: Path, names: str, metrics: str = "") -> Any:
    """Run a stage's `main` on files of these names in a directory; the content of a metrics file of them."""
    main(*(directory / name for name in names.split()))
    return json.loads((directory / metrics).read_text()) if metrics else None


def write_training_inputs(directory: Path, parts: Parts, **changes: object) -> None:
    """What a stage that trains reads: train.pt, validation.pt, side.pt and params.yaml for quick training."""
    for name in ("train", "validation"):
        (directory / f"{name}.pt").write_bytes(parts[name].serialize())
    n_movies = parts["train"].n_movies
    (directory / "side.pt").write_bytes(make_side_information(n_movies).serialize())
    chosen = {**DEFAULTS, "feature_rank": 4, "device": "cpu", **changes}
    (directory / "params.yaml").write_text(yaml.safe_dump(chosen))
