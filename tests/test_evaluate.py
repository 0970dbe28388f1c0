"""evaluate: the model is measured on the test ratings, with intervals, against the best baseline."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages import evaluate
from stages.factorization import gibbs
from stages.factorization.model import Model, single
from stages.movielens.ratings import Ratings
from stages.ranking.ease import fit
from tests.conftest import (
    Parts,
    hyperparameters,
    make_problem,
    make_ratings,
    run_stage,
    write_training_inputs,
)


def constant(stars: float, n_users: int, n_movies: int) -> Model:
    return single(torch.tensor(stars), torch.zeros(n_users, 2), torch.zeros(n_movies, 2))


def measure(model: Model, train: Ratings, validation: Ratings, test: Ratings, **baselines: float) -> Any:
    """Metrics with baselines that predict a constant; to EASE, all movies are equally likely to be seen."""
    table = pd.DataFrame(baselines, index=range(len(test)))
    uniform, rng = fit(make_ratings([], 1, train.n_movies), 1.0), np.random.default_rng(0)
    n_users = len(test[test.rating >= 4].user.unique())
    ranked = pd.DataFrame({"worst ndcg_at_10": 0.0, "best ndcg_at_10": 0.25}, index=range(n_users))
    return evaluate.evaluate(model, uniform, table, ranked, train, validation, test, rng)


def test_movies_rated_in_training_or_validation_are_not_ranked() -> None:
    train, validation, test = (make_ratings([(0, movie, 5.0)], 1, 3) for movie in range(3))
    model = constant(3.0, 1, 3)
    model.movie_biases[0] = torch.tensor([3.0, 2.0, 1.0])
    found = measure(model, train, validation, test)
    assert found["ndcg_at_10"] == 1
    against = {"name": "best", "difference": 0.75, "low": 0.75, "high": 0.75}
    assert found["against_best_baseline"]["ndcg_at_10"] == against


def test_clipped_predictions_are_compared_with_the_best_baseline() -> None:
    train = make_ratings([(user, 0, 1.0 + 2.5 * (user % 2)) for user in range(50)], n_users=50, n_movies=2)
    test = make_ratings([(user, 1, 3.0) for user in range(50)], n_users=50, n_movies=2)
    found = measure(constant(9.0, 50, 2), train, train[:0], test, bad=1.0, good=2.25)  # clipped to 3.5
    assert found["interval_95"]["rmse"] == pytest.approx({"low": 0.5, "high": 0.5})
    against = {"name": "good", "rmse_difference": 0.5 - 0.75, "low": -0.25, "high": -0.25}
    assert found["against_best_baseline"] == against


def run(directory: Path, parts: Parts) -> Any:
    write_training_inputs(directory, parts)
    (directory / "test.pt").write_bytes(parts["test"].serialize())
    model = gibbs.fit(make_problem(parts["train"]), hyperparameters(epochs=10, movie_features=[])).model
    (directory / "model.pt").write_bytes(model.serialize())
    (directory / "ease.pt").write_bytes(fit(parts["train"], 50.0).serialize())
    (directory / "baselines.csv").write_text("mean\n" + "3.0\n" * len(parts["test"]))
    (directory / "rankings.csv").write_text("none\n")
    names = "train.pt validation.pt test.pt model.pt ease.pt baselines.csv rankings.csv test.json params.yaml"
    return run_stage(evaluate.main, directory, names, metrics="test.json")


def test_metrics_lie_in_their_intervals_and_need_test_ratings(tmp_path: Path, small_parts: Parts) -> None:
    metrics = run(tmp_path, small_parts)
    names = ["rmse", "mae", "ndcg_at_10", "recall_at_10", "catalogue_coverage", "median_popularity"]
    assert metrics.keys() >= {*names, "interval_95", "against_best_baseline", "coverage"}
    for name, interval in metrics["interval_95"].items():
        assert interval["low"] < metrics[name] < interval["high"]
    assert metrics["coverage"]["50"] < metrics["coverage"]["80"] < metrics["coverage"]["95"]
    assert run(tmp_path, {**small_parts, "test": small_parts["test"][:0]}) == {}
