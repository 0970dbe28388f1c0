"""newcomers: who is hidden stays hidden, a few ratings are given, and the rest is asked for."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from stages import newcomers
from stages.movielens.ratings import Ratings
from stages.newcomers import NewcomersParameters, divide, predict
from tests.conftest import make_ratings, write_training_inputs
from tests.factorization.test_model import make_model
from tests.repository import DEFAULTS


def parameters(**changes: object) -> NewcomersParameters:
    return NewcomersParameters.parse({**DEFAULTS, **changes})


def pairs(ratings: Ratings) -> set[tuple[int, int]]:
    return set(zip(ratings.user.tolist(), ratings.movie.tolist(), strict=True))


def test_newcomers_are_hidden_and_their_ratings_divided(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    others, given, rest = divide(train, parameters(newcomer_fraction=0.2, given_ratings=4))
    new = set(given.user.tolist())
    assert len(new) == 12
    assert new == set(rest.user.tolist())
    assert new.isdisjoint(others.user.tolist())
    assert torch.bincount(given.user)[list(new)].tolist() == [4] * 12
    assert pairs(others) | pairs(given) | pairs(rest) == pairs(train)
    assert len(others) + len(given) + len(rest) == len(train)


def test_the_choice_is_that_of_the_seed(small_parts: dict[str, Ratings]) -> None:
    chosen = [divide(small_parts["train"], parameters(seed=seed)).given for seed in (1, 1, 2)]
    assert pairs(chosen[0]) == pairs(chosen[1])
    assert pairs(chosen[0]) != pairs(chosen[2])


def test_users_with_no_more_ratings_than_are_given_are_not_chosen() -> None:
    rows = [(0, movie, 3.0) for movie in range(4)] + [(1, movie, 3.0) for movie in range(5)]
    parts = divide(make_ratings(rows, 2, 5), parameters(newcomer_fraction=0.9, given_ratings=4))
    assert set(parts.given.user.tolist()) == {1}
    assert len(parts.rest) == 1
    none = divide(make_ratings(rows, 2, 5), parameters(newcomer_fraction=0.9, given_ratings=5))
    assert len(none.rest) == 0


def test_a_prediction_sees_nobody_elses_ratings() -> None:
    given = make_ratings([(0, 0, 5.0), (0, 1, 1.0), (3, 2, 4.0)], 4, 5)
    rest = make_ratings([(3, 4, 2.0), (0, 3, 2.0), (3, 0, 1.0)], 4, 5)
    found = predict(make_model(), given, rest)
    alone = predict(make_model(), given[given.user == 3], rest[rest.user == 3])
    torch.testing.assert_close(found[rest.user == 3], alone)


def run(directory: Path, parts: dict[str, Ratings], **changes: object) -> dict[str, Any]:
    write_training_inputs(directory, parts, epochs=5, given_ratings=5, **changes)
    names = "train.pt validation.pt side.pt newcomers.json params.yaml"
    newcomers.main(*(directory / name for name in names.split()))
    metrics: dict[str, Any] = json.loads((directory / "newcomers.json").read_text())
    return metrics


@pytest.mark.parametrize("solver", ["gibbs", "als"])
def test_both_ways_are_measured(tmp_path: Path, small_parts: dict[str, Ratings], solver: str) -> None:
    metrics = run(tmp_path, small_parts, solver=solver, newcomer_fraction=0.2)
    assert (metrics["n_newcomers"], metrics["n_given"]) == (12, 60)
    for way in ("fold_in", "retrained"):
        assert set(metrics[way]) == {"rmse", "ndcg_at_10", "recall_at_10"}
    ratio = metrics["fold_in"]["rmse"] / metrics["retrained"]["rmse"]
    assert metrics["rmse_ratio"] == pytest.approx(ratio, abs=1e-5)
    assert ratio < 1.15


def test_without_newcomers_nothing_is_trained_or_measured(
    tmp_path: Path, small_parts: dict[str, Ratings], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, small_parts, newcomer_fraction=0) == {}
    assert "newcomers: none" in capsys.readouterr().out
