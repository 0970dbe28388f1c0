"""train: writes the model, its losses by epoch and its errors."""

import dataclasses
import inspect
import sys
from pathlib import Path

import pandas as pd
import pytest

from stages import train
from stages.core.cli import UserError
from stages.factorization.model import Model
from tests.conftest import Parts, Patch, rmse, run_stage, write_training_inputs

FILES = "train.pt validation.pt side.pt model.pt history.csv params.yaml"


def run(directory: Path, parts: Parts, **changes: object) -> None:
    write_training_inputs(directory, parts, **{"epochs": 2, "latent_factors": 3, **changes})
    run_stage(train.main, directory, FILES)


def train_command(directory: Path, *starter: str) -> list[str]:
    """The stage as a process of its own, started by `starter`, on the files in a directory."""
    options = zip(inspect.signature(train.main).parameters, FILES.split(), strict=True)
    arguments = [f"--{name}={directory / file}" for name, file in options]
    return [sys.executable, *starter, "-m", "stages.train", *arguments]


@pytest.mark.parametrize("solver", ["gibbs", "als", "adam"])
def test_the_last_error_is_that_of_the_written_model(tmp_path: Path, small_parts: Parts, solver: str) -> None:
    run(tmp_path, small_parts, solver=solver)
    history = pd.read_csv(tmp_path / "history.csv")
    assert list(history) == ["epoch", "train_loss", "validation_loss", "burn_in"]
    assert history["epoch"].tolist() == [1, 2]
    part = small_parts["validation"]
    found = rmse(Model.load(tmp_path / "model.pt").predict(part), part.rating)
    assert history["validation_loss"].iloc[-1] ** 0.5 == pytest.approx(found, abs=1e-3)


def test_errors_write_nothing(tmp_path: Path, small_parts: Parts, monkeypatch: Patch) -> None:
    huge = dataclasses.replace(small_parts["train"], rating=1e30 * small_parts["train"].rating)
    with pytest.raises(UserError, match="not finite"):
        run(tmp_path, {**small_parts, "train": huge}, solver="adam")
    with pytest.raises(UserError, match="solver gibbs"):
        run(tmp_path, small_parts, solver="gibbs", processes=2)
    monkeypatch.setattr("stages.core.memory.available_memory", lambda: 1000)
    with pytest.raises(UserError, match="latent_factors"):
        run(tmp_path, small_parts)
    assert not (tmp_path / "model.pt").exists()
