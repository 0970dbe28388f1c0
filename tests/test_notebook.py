"""notebook: the recipe as it stands, the same whatever the model's parameters are."""

from pathlib import Path

import pytest
import torch
import yaml

from stages import notebook
from stages.core.seeds import derive_seed
from stages.core.tensors import load
from stages.factorization import adam
from stages.factorization.model import NOTEBOOK
from stages.factorization.solver import Hyperparameters
from stages.movielens.ratings import Ratings
from stages.train import TrainParameters, pose
from tests.conftest import make_problem
from tests.repository import DEFAULTS


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Hyperparameters:
    changed = notebook.RECIPE.model_copy(update={"epochs": 2})
    monkeypatch.setattr(notebook, "RECIPE", changed)
    return changed


def test_the_stage_writes_two_fits_the_same_bytes_each_time(
    tmp_path: Path, small_parts: dict[str, Ratings], quick: Hyperparameters
) -> None:
    for name in ("train", "validation"):
        (tmp_path / f"{name}.pt").write_bytes(small_parts[name].serialize())
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(DEFAULTS))
    paths = [tmp_path / name for name in ("train.pt", "validation.pt", "factors.pt", "params.yaml")]
    written = []
    for _ in range(2):
        notebook.main(*paths)
        written.append(paths[2].read_bytes())
    assert written[0] == written[1]
    factors = load(paths[2], NOTEBOOK, made_by="notebook")
    assert factors["user_factors"].shape == (2, small_parts["train"].n_users, 8)
    assert not torch.equal(factors["movie_factors"][0], factors["movie_factors"][1])


def test_it_is_what_training_by_these_parameters_gives(
    small_parts: dict[str, Ratings], quick: Hyperparameters
) -> None:
    train, validation = small_parts["train"], small_parts["validation"]
    parameters = TrainParameters.parse({**DEFAULTS, **quick.model_dump(), "solver": "adam", "device": "cpu"})
    problem = pose(parameters, train, validation, make_problem(train).side_information)
    expected = adam.fit(problem, parameters).model
    seed = derive_seed(parameters.seed, notebook.PURPOSES[0])
    found = notebook.fit(train, validation, seed)
    assert torch.equal(found.movie_factors, expected.movie_factors)


def test_on_too_many_ratings_it_is_left_out(
    tmp_path: Path,
    small_parts: dict[str, Ratings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train = small_parts["train"]
    monkeypatch.setattr(notebook, "LARGEST", len(train) - 1)
    for name in ("train", "validation"):
        (tmp_path / f"{name}.pt").write_bytes(small_parts[name].serialize())
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(DEFAULTS))
    notebook.main(*(tmp_path / name for name in ("train.pt", "validation.pt", "factors.pt", "params.yaml")))
    factors = load(tmp_path / "factors.pt", NOTEBOOK, made_by="notebook")
    assert factors["user_factors"].shape == (0, train.n_users, 8)
    assert factors["movie_factors"].shape == (0, train.n_movies, 8)
    assert f"left out: on {len(train)} ratings its recipe would take hours" in capsys.readouterr().out
