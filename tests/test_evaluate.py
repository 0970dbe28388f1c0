"""evaluate: the model is measured on test ratings, clipped to the scale, with everything else ranked."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml

from stages import evaluate
from stages.evaluate import EvaluateParameters, compare
from stages.factorization.model import Model, single
from stages.movielens.ratings import Ratings
from stages.ranking.ease import Ease, fit
from tests.conftest import make_ratings
from tests.repository import DEFAULTS

NONE = pd.DataFrame()


def constant(stars: float, n_users: int, n_movies: int) -> Model:
    zeros = torch.zeros(n_users), torch.zeros(n_movies), torch.zeros(n_users, 1), torch.zeros(n_movies, 1)
    return single(torch.tensor(stars), *zeros)


def of_two_draws(n_users: int, n_movies: int) -> Model:
    """Thinks that everything is 2 stars in one draw and 4 in the other."""
    once = constant(3.0, n_users, n_movies)
    of_all_draws = ("mean", "sitting", "feature_basis", "embeddings")
    of_each = {name: value for name, value in vars(once).items() if name not in of_all_draws}
    twice = replace(once, **{name: value.repeat_interleave(2, dim=0) for name, value in of_each.items()})
    twice.user_biases[:] = torch.tensor([[-1.0], [1.0]])
    return twice


def blind(n_movies: int) -> Ease:
    """Thinks that everybody is as likely to see one movie as another."""
    return fit(make_ratings([], 1, n_movies), 1.0)


def measure(model: Model, train: Ratings, validation: Ratings, test: Ratings) -> Any:
    parameters = EvaluateParameters.parse(DEFAULTS)
    return evaluate.evaluate(model, train, validation, test, NONE, blind(train.n_movies), parameters)


def test_predictions_are_clipped_to_the_scale_of_the_training_ratings() -> None:
    train = make_ratings([(0, 0, 1.0), (1, 0, 4.0)], n_users=2, n_movies=2)
    nothing, test = train[train.rating < 0], make_ratings([(0, 1, 3.0)], n_users=2, n_movies=2)
    assert measure(constant(9.0, 2, 2), train, nothing, test)["rmse"] == 1
    assert measure(constant(-9.0, 2, 2), train, nothing, test)["mae"] == 2


def test_movies_rated_in_training_or_validation_are_no_candidates() -> None:
    rows = {"train": [(0, 0, 5.0)], "validation": [(0, 1, 5.0)], "test": [(0, 2, 5.0)]}
    parts = {name: make_ratings(part, n_users=1, n_movies=3) for name, part in rows.items()}
    model = constant(3.0, 1, 3)
    model.movie_biases[0] = torch.tensor([3.0, 2.0, 1.0])
    assert measure(model, **parts)["ndcg_at_10"] == 1


def test_errors_of_half_a_star_everywhere_have_an_interval_of_no_width() -> None:
    rows = [(user, user % 2, 3.0 + user % 2) for user in range(10)]  # 3 or 4 stars, predicted as 3.5
    train, test = (make_ratings(part, n_users=10, n_movies=2) for part in (rows[:5], rows[5:]))
    found = measure(constant(3.5, 10, 2), train, test[test.rating < 0], test)
    assert found["rmse"] == 0.5
    assert found["interval_95"]["rmse"] == {"low": pytest.approx(0.5), "high": pytest.approx(0.5)}


def test_two_draws_cover_the_ratings_that_are_within_their_spread() -> None:
    train = make_ratings([(0, 4, 3.0)], n_users=1, n_movies=5)
    test = make_ratings([(0, 0, 3.0), (0, 1, 4.0), (0, 2, 4.5), (0, 3, 5.0)], n_users=1, n_movies=5)
    found = measure(of_two_draws(1, 5), train, train[:0], test)  # 3 ± 1 stars
    assert found["coverage"] == {"50": 0.25, "80": 0.5, "95": 0.75}  # 0.67, 1.28 and 1.96 deviations


def test_the_difference_is_that_to_the_best_baseline() -> None:
    test = make_ratings([(user, 0, 3.0) for user in range(50)], n_users=50, n_movies=1)
    baselines = pd.DataFrame({"bad": [1.0] * 50, "good": [2.5] * 50})
    found = compare(torch.full((50,), 0.09), test, baselines, torch.Generator().manual_seed(0))
    assert found == {
        "name": "good",
        "rmse_difference": pytest.approx(0.3 - 0.5),
        "low": pytest.approx(-0.2),
        "high": pytest.approx(-0.2),
    }


def run(directory: Path, parts: dict[str, Ratings]) -> dict[str, Any]:
    for name, part in parts.items():
        (directory / f"{name}.pt").write_bytes(part.serialize())
    model = constant(3.5, parts["test"].n_users, parts["test"].n_movies)
    (directory / "model.pt").write_bytes(model.serialize())
    (directory / "ease.pt").write_bytes(fit(parts["train"], 50.0).serialize())
    pd.DataFrame({"mean": 3.0}, index=range(len(parts["test"]))).to_csv(directory / "b.csv", index=False)
    (directory / "params.yaml").write_text(yaml.safe_dump(DEFAULTS))
    names = (
        "train.pt",
        "validation.pt",
        "test.pt",
        "model.pt",
        "ease.pt",
        "b.csv",
        "test.json",
        "params.yaml",
    )
    evaluate.main(*(directory / name for name in names))
    metrics: dict[str, Any] = json.loads((directory / "test.json").read_text())
    return metrics


def test_the_stage_writes_all_measures_with_their_intervals(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    metrics = run(tmp_path, small_parts)
    measures = ["rmse", "mae", "ndcg_at_10", "recall_at_10", "catalogue_coverage", "median_popularity"]
    assert list(metrics) == [*measures, "interval_95", "against_best_baseline"]
    expected = (small_parts["test"].rating - 3.5).square().mean().sqrt().item()
    assert metrics["rmse"] == pytest.approx(expected, abs=1e-6)
    for name in ("rmse", "ndcg_at_10", "recall_at_10"):
        assert metrics["interval_95"][name]["low"] < metrics[name] < metrics["interval_95"][name]["high"]
    assert metrics["against_best_baseline"]["name"] == "mean"


def test_without_test_ratings_nothing_is_reported(
    tmp_path: Path, small_parts: dict[str, Ratings], capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = small_parts["test"][small_parts["test"].rating < 0]
    assert run(tmp_path, {**small_parts, "test": nothing}) == {}
    assert "there are no test ratings" in capsys.readouterr().out
