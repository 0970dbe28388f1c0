"""baselines: every baseline is measured on the test ratings, and EASE is written."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from stages import baselines
from stages.factorization.fit import NotebookFactors
from stages.movielens.ratings import Ratings
from stages.ranking.ease import Ease
from tests.conftest import write_training_inputs

Rows = dict[str, dict[str, float]]


def run(directory: Path, parts: dict[str, Ratings]) -> Rows:
    write_training_inputs(directory, parts)
    (directory / "test.pt").write_bytes(parts["test"].serialize())
    n_users, n_movies = parts["train"].n_users, parts["train"].n_movies
    factors = NotebookFactors(torch.ones(2, n_users, 1), torch.full((2, n_movies, 1), 3.0))
    (directory / "notebook.pt").write_bytes(factors.serialize())
    names = "train.pt validation.pt test.pt notebook.pt ease.pt predictions.csv rankings.csv baselines.json"
    baselines.main(*(directory / name for name in [*names.split(), "params.yaml"]))
    rows: Rows = json.loads((directory / "baselines.json").read_text())
    return rows


def test_every_baseline_has_metrics_and_its_predictions_a_column(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    rows = run(tmp_path, small_parts)
    methods = "notebook global_mean biases neighbours popularity ease ease_stars".split()
    assert list(rows) == methods
    for metric in ("rmse", "validation_rmse"):
        assert [name for name in methods if metric in rows[name]] == methods[:4]
    assert [name for name in methods if "ndcg_at_10" not in rows[name]] == ["global_mean"]
    by_user = pd.read_csv(tmp_path / "rankings.csv").filter(like="ndcg_at_10").mean()
    assert {f"{name} ndcg_at_10": row.get("ndcg_at_10") for name, row in rows.items()} == pytest.approx(
        {"global_mean ndcg_at_10": None, **by_user.to_dict()}, abs=1e-5
    )
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert (table["notebook"] == 3).all()
    assert table["global_mean"].to_numpy() == pytest.approx(
        small_parts["train"].rating.mean().item(), abs=1e-4
    )
    errors = table.sub(small_parts["test"].rating.numpy(), axis="index")
    expected = {name: row["rmse"] for name, row in rows.items() if "rmse" in row}
    assert errors.pow(2).mean().pow(0.5).to_dict() == pytest.approx(expected, abs=1e-4)


def test_without_test_ratings_there_are_no_metrics_but_ease_is_fitted(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    assert run(tmp_path, {**small_parts, "test": small_parts["test"][:0]}) == {}
    assert Ease.load(tmp_path / "ease.pt").n_movies == small_parts["train"].n_movies
