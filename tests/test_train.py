"""train: writes the model, its losses by epoch and its errors."""

import dataclasses
import inspect
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages import train
from stages.core.cli import UserError
from stages.factorization.model import Model
from stages.factorization.solver import rmse
from tests.conftest import Parts, Patch, run_stage, write_training_inputs

FILES = "train.pt validation.pt side.pt model.pt history.csv train.json params.yaml"


def run(directory: Path, parts: Parts, **changes: object) -> Any:
    write_training_inputs(directory, parts, **{"epochs": 2, "latent_factors": 3, **changes})
    return run_stage(train.main, directory, FILES, metrics="train.json")


def train_command(directory: Path, *starter: str) -> list[str]:
    """The stage as a process of its own, started by `starter`, on the files in a directory."""
    options = zip(inspect.signature(train.main).parameters, FILES.split(), strict=True)
    arguments = [f"--{name}={directory / file}" for name, file in options]
    return [sys.executable, *starter, "-m", "stages.train", *arguments]


@pytest.mark.parametrize("solver", ["gibbs", "als", "adam"])
def test_errors_are_those_of_the_written_model(tmp_path: Path, small_parts: Parts, solver: str) -> None:
    scores = run(tmp_path, small_parts, solver=solver)
    model, scale = Model.load(tmp_path / "model.pt"), small_parts["train"].scale()
    for name in ("train", "validation"):
        part = small_parts[name]
        expected = rmse(model.predict(part).clamp(*scale), part.rating)
        assert scores[f"{name}_rmse"] == pytest.approx(expected, abs=1e-6)
    history = pd.read_csv(tmp_path / "history.csv")
    assert list(history) == ["epoch", "train_loss", "validation_loss", "burn_in"]
    assert history["epoch"].tolist() == [1, 2]
    assert history.notna().all().all()


def test_without_validation_ratings_their_error_is_left_out(tmp_path: Path, small_parts: Parts) -> None:
    scores = run(tmp_path, {**small_parts, "validation": small_parts["validation"][:0]})
    assert scores.keys() == {"train_rmse", "epochs"}
    assert pd.read_csv(tmp_path / "history.csv")["validation_loss"].isna().all()


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
