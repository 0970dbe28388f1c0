"""baselines: every baseline is measured on the test ratings, and EASE is written."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from stages import baselines
from stages.factorization.fit import NotebookFactors
from stages.ranking.ease import Ease
from tests.conftest import Parts, run_stage, write_training_inputs


def run(directory: Path, parts: Parts) -> Any:
    write_training_inputs(directory, parts)
    (directory / "test.pt").write_bytes(parts["test"].serialize())
    n_users, n_movies = parts["train"].n_users, parts["train"].n_movies
    factors = NotebookFactors(torch.ones(2, n_users, 1), torch.full((2, n_movies, 1), 3.0))
    (directory / "notebook.pt").write_bytes(factors.serialize())
    names = "train.pt validation.pt test.pt notebook.pt ease.pt predictions.csv rankings.csv baselines.json"
    return run_stage(baselines.main, directory, f"{names} params.yaml", metrics="baselines.json")


def test_baselines_are_measured_and_ease_needs_no_test_ratings(tmp_path: Path, small_parts: Parts) -> None:
    rows = run(tmp_path, small_parts)
    methods = "notebook global_mean biases neighbours popularity ease ease_stars".split()
    assert list(rows) == methods
    for metric in ("rmse", "validation_rmse"):
        assert [name for name in methods if metric in rows[name]] == methods[:4]
    assert [name for name in methods if "ndcg_at_10" not in rows[name]] == ["global_mean"]
    by_user = pd.read_csv(tmp_path / "rankings.csv").filter(like="ndcg_at_10").mean().to_dict()
    ranked = {f"{name} ndcg_at_10": rows[name]["ndcg_at_10"] for name in methods if name != "global_mean"}
    assert by_user == pytest.approx(ranked, abs=1e-5)
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert (table["notebook"] == 3).all()
    mean = small_parts["train"].rating.mean().item()
    assert table["global_mean"].to_numpy() == pytest.approx(mean, abs=1e-4)
    errors = table.sub(small_parts["test"].rating.numpy(), axis="index")
    expected = {name: row["rmse"] for name, row in rows.items() if "rmse" in row}
    assert errors.pow(2).mean().pow(0.5).to_dict() == pytest.approx(expected, abs=1e-4)
    (tmp_path / "ease.pt").unlink()
    assert run(tmp_path, {**small_parts, "test": small_parts["test"][:0]}) == {}
    assert Ease.load(tmp_path / "ease.pt").n_movies == small_parts["train"].n_movies
