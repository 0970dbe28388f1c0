"""baselines: every baseline is measured on the held-out ratings, and what ranks is written."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from stages import baselines
from stages.factorization.model import NotebookFactors
from stages.ranking.metrics import means
from stages.ranking.score import Ranker
from tests.conftest import Parts, run_stage, write_training_inputs

METHODS = "notebook global_mean biases neighbours popularity ease ease_stars".split()


def run(directory: Path, parts: Parts) -> pd.DataFrame:
    write_training_inputs(directory, parts)
    (directory / "test.pt").write_bytes(parts["test"].serialize())
    n_users, n_movies = parts["train"].n_users, parts["train"].n_movies
    factors = NotebookFactors(torch.ones(2, n_users, 1), torch.full((2, n_movies, 1), 3.0))
    (directory / "notebook.pt").write_bytes(factors.serialize())
    names = "train.pt validation.pt test.pt side.pt notebook.pt ease.pt ridge.pt scores.csv params.yaml"
    run_stage(baselines.main, directory, names)
    return pd.read_csv(directory / "scores.csv")


def test_baselines_are_measured_on_both_parts(tmp_path: Path, small_parts: Parts) -> None:
    scores = run(tmp_path, small_parts)
    for part in ("validation", "test"):
        found = {
            name: means(own) for name, own in scores[scores["part"] == part].groupby("method", sort=False)
        }
        assert list(found) == METHODS
        assert [name for name in METHODS if "rmse" in found[name]] == METHODS[:4]
        assert [name for name in METHODS if "ndcg_at_10" not in found[name]] == ["global_mean"]
        rating, mean = small_parts[part].rating, small_parts["train"].rating.mean()
        assert found["notebook"]["mae"] == pytest.approx((rating - 3).abs().mean().item(), abs=1e-5)
        assert found["global_mean"]["rmse"] == pytest.approx(
            (rating - mean).square().mean().sqrt().item(), abs=1e-5
        )


def test_the_rankers_need_no_held_out_ratings(tmp_path: Path, small_parts: Parts) -> None:
    empty = small_parts["test"][:0]
    assert len(run(tmp_path, {**small_parts, "test": empty, "validation": empty})) == 0
    for name in ("ease.pt", "ridge.pt"):
        assert Ranker.load(tmp_path / name).n_movies == small_parts["train"].n_movies
