"""train: the stage writes a model, a history and its errors, the same bytes each time."""

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from stages import train
from stages.core import tensors
from stages.core.cli import UserError
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings
from stages.ranking.metrics import rmse
from tests.repository import DEFAULTS

QUICK = {**DEFAULTS, "epochs": 2, "latent_factors": 3, "device": "cpu"}


def run(directory: Path, parts: dict[str, Ratings], **changes: object) -> dict[str, bytes]:
    """Run the stage in a directory, and give what it wrote there."""
    directory.mkdir(exist_ok=True)
    for name in ("train", "validation"):
        (directory / f"{name}.pt").write_bytes(parts[name].serialize())
    (directory / "params.yaml").write_text(yaml.safe_dump({**QUICK, **changes}))
    known = {"genres": torch.ones(parts["train"].n_movies, 2), "period": torch.eye(parts["train"].n_movies)}
    (directory / "known.pt").write_bytes(tensors.serialize(known))
    names = ("train.pt", "validation.pt", "known.pt", "model.pt", "history.csv", "train.json", "params.yaml")
    train.main(*(directory / name for name in names))
    return {name: (directory / name).read_bytes() for name in names[3:6]}


@pytest.mark.parametrize("solver", ["gibbs", "als", "adam"])
def test_errors_are_those_of_the_written_model(
    tmp_path: Path, small_parts: dict[str, Ratings], solver: str
) -> None:
    run(tmp_path, small_parts, solver=solver)
    scores = json.loads((tmp_path / "train.json").read_text())
    model, scale = Model.load(tmp_path / "model.pt"), small_parts["train"].scale()
    for name in ("train", "validation"):
        part = small_parts[name]
        expected = rmse(model.predict(part).clamp(*scale), part.rating)
        assert scores[f"{name}_rmse"] == pytest.approx(expected, abs=1e-6)
    assert scores["epochs"] == 2


def test_the_history_has_a_row_for_every_epoch(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    run(tmp_path, small_parts)
    history = pd.read_csv(tmp_path / "history.csv")
    assert list(history) == ["epoch", "train_loss", "validation_loss"]
    assert history["epoch"].tolist() == [1, 2]
    assert history.notna().all().all()


def test_without_validation_ratings_their_error_is_left_out(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    nothing = small_parts["train"][small_parts["train"].rating < 0]
    run(tmp_path, {"train": small_parts["train"], "validation": nothing})
    assert json.loads((tmp_path / "train.json").read_text()).keys() == {"train_rmse", "epochs"}
    assert (tmp_path / "history.csv").read_text().splitlines()[1].endswith(",")


def test_the_same_parameters_give_the_same_bytes_and_another_seed_others(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    first = run(tmp_path / "first", small_parts)
    assert run(tmp_path / "again", small_parts) == first
    assert run(tmp_path / "other", small_parts, seed=43)["model.pt"] != first["model.pt"]


def test_generated_ratings_are_marked(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    run(tmp_path, small_parts, dataset="synthetic-3k")
    assert json.loads((tmp_path / "train.json").read_text())["synthetic"] is True


def test_a_failure_writes_nothing(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    huge = dataclasses.replace(small_parts["train"], rating=1e30 * small_parts["train"].rating)
    with pytest.raises(UserError, match="not finite"):
        run(tmp_path, {**small_parts, "train": huge}, solver="adam")
    assert not (tmp_path / "model.pt").exists()
    assert not (tmp_path / "train.json").exists()
