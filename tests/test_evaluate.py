"""evaluate: the model is measured on test ratings, clipped to the scale, with everything else ranked."""

import json
from pathlib import Path

import pytest
import torch
import yaml

from stages import evaluate
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings
from tests.conftest import make_ratings
from tests.stages_of_the_pipeline import DEFAULTS


def constant(stars: float, n_users: int, n_movies: int) -> Model:
    zeros = torch.zeros(n_users), torch.zeros(n_movies), torch.zeros(n_users, 1), torch.zeros(n_movies, 1)
    return Model(torch.tensor(stars), *zeros)


def test_predictions_are_clipped_to_the_scale_of_the_training_ratings() -> None:
    train = make_ratings([(0, 0, 1.0), (1, 0, 4.0)], n_users=2, n_movies=2)
    nothing, test = train[train.rating < 0], make_ratings([(0, 1, 3.0)], n_users=2, n_movies=2)
    assert evaluate.evaluate(constant(9.0, 2, 2), train, nothing, test)["rmse"] == 1
    assert evaluate.evaluate(constant(-9.0, 2, 2), train, nothing, test)["mae"] == 2


def test_movies_rated_in_training_or_validation_are_no_candidates() -> None:
    rows = {"train": [(0, 0, 5.0)], "validation": [(0, 1, 5.0)], "test": [(0, 2, 5.0)]}
    parts = {name: make_ratings(part, n_users=1, n_movies=3) for name, part in rows.items()}
    model = constant(3.0, 1, 3)
    model.movie_biases[:] = torch.tensor([3.0, 2.0, 1.0])
    assert evaluate.evaluate(model, **parts)["ndcg_at_10"] == 1


def run(directory: Path, parts: dict[str, Ratings]) -> dict[str, float]:
    for name, part in parts.items():
        (directory / f"{name}.pt").write_bytes(part.serialize())
    model = constant(3.5, parts["test"].n_users, parts["test"].n_movies)
    (directory / "model.pt").write_bytes(model.serialize())
    (directory / "params.yaml").write_text(yaml.safe_dump(DEFAULTS))
    names = ("train.pt", "validation.pt", "test.pt", "model.pt", "test.json", "params.yaml")
    evaluate.main(*(directory / name for name in names))
    metrics: dict[str, float] = json.loads((directory / "test.json").read_text())
    return metrics


def test_the_stage_writes_all_measures(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    metrics = run(tmp_path, small_parts)
    assert metrics.keys() == {"rmse", "mae", "ndcg_at_10", "recall_at_10"}
    expected = (small_parts["test"].rating - 3.5).square().mean().sqrt().item()
    assert metrics["rmse"] == pytest.approx(expected, abs=1e-6)


def test_without_test_ratings_nothing_is_reported(
    tmp_path: Path, small_parts: dict[str, Ratings], capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = small_parts["test"][small_parts["test"].rating < 0]
    assert run(tmp_path, {**small_parts, "test": nothing}) == {}
    assert "there are no test ratings" in capsys.readouterr().out
