"""newcomers: users are hidden from training, and predicted after folding them in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from stages import newcomers
from stages.core.cli import UserError
from stages.movielens.ratings import Ratings, hidden_visits
from stages.newcomers import NewcomersParameters, split_newcomers
from stages.ranking.metrics import means
from tests.conftest import DEGENERATE, Parts, Patch, make_ratings, run_stage, write_training_inputs
from tests.repository import DEFAULTS


@pytest.fixture(autouse=True)
def _few_given_ratings(monkeypatch: Patch) -> None:
    monkeypatch.setattr(newcomers, "GIVEN", (1, 2))
    monkeypatch.setattr(newcomers, "DECISIVE", 2)


def split(train: Ratings, **changes: object) -> tuple[Ratings, Ratings, Ratings]:
    return split_newcomers(train, NewcomersParameters.parse({**DEFAULTS, **changes}))


def pairs(*parts: Ratings) -> list[list[int]]:
    return sorted(pair for part in parts for pair in torch.stack([part.user, part.movie], dim=1).tolist())


def test_newcomers_are_hidden_and_their_ratings_split(train: Ratings) -> None:
    others, given, held_out = split(train, newcomer_fraction=0.2, given_ratings=4)
    new = set(given.user.tolist())
    assert len(new) == 12
    assert new == set(held_out.user.tolist())
    assert new.isdisjoint(others.user.tolist())
    assert torch.bincount(given.user)[list(new)].tolist() == [4] * 12
    assert pairs(others, given, held_out) == pairs(train)


def test_users_with_no_more_ratings_than_are_given_are_not_chosen_nor_are_all() -> None:
    train = make_ratings([(user, movie, 3.0) for user in range(2) for movie in range(4 + user)], 2, 5)
    _, given, held_out = split(train, newcomer_fraction=0.9, given_ratings=4)
    assert given.user.unique().tolist() == held_out.user.tolist() == [1]
    assert len(split(train, newcomer_fraction=0.9, given_ratings=5)[2]) == 0
    with pytest.raises(UserError, match=r"newcomer_fraction is 0\.99"):
        split(DEGENERATE["all ratings equal"], newcomer_fraction=0.99, given_ratings=1)


def test_one_whole_visit_is_hidden_of_each_user_with_enough_of_them() -> None:
    """Users 0 and 1 have three visits of 4, 2 and 4 ratings, 2 of them has two, and the last has one."""
    hours = [0, 1, 2, 6, 20, 21, 40, 41, 42, 43]
    rows = [(user, movie, 3.0) for user in range(4) for movie in range(10)]
    train = make_ratings(rows, n_users=4, n_movies=10)
    offset = torch.tensor([0, 5, 0, 0])[train.user]
    hour = torch.tensor(hours)[train.movie] + offset
    hour[(train.user == 2) & (train.movie >= 6)] = 22
    hour[train.user == 3] = 1
    train = replace(train, timestamp=hour * 3600)
    for seed in range(5):
        hidden = hidden_visits(train, seed)
        assert pairs(train[hidden]) == [[user, movie] for user in (0, 1) for movie in (4, 5)]


def run(directory: Path, parts: Parts, **changes: object) -> Any:
    write_training_inputs(directory, parts, **{"epochs": 5, "given_ratings": 5, **changes})
    names = "train.pt validation.pt side.pt newcomers.csv newcomers.json params.yaml"
    return run_stage(newcomers.main, directory, names, metrics="newcomers.json")


@pytest.mark.parametrize("solver", ["gibbs", "als"])
def test_newcomers_are_measured(tmp_path: Path, small_parts: Parts, solver: str) -> None:
    metrics = run(tmp_path, small_parts, solver=solver, newcomer_fraction=0.2)
    assert metrics.keys() == {"rmse_new_visit", "after_2", "after_5", "dislike_respected"}
    assert 0.5 < metrics["after_5"]["rmse"] < 1.2
    scores = pd.read_csv(tmp_path / "newcomers.csv")
    found = {pair: means(own) for pair, own in scores.groupby(["part", "method"])}
    visits = {method: found.pop(("new visit", method)) for method in ("model", "biases", "neighbours")}
    assert all(0.3 < each["rmse"] < 1.5 for each in visits.values())
    assert visits["model"]["rmse"] == pytest.approx(metrics["rmse_new_visit"], abs=1e-5)
    assert scores["user"][scores["part"] == "after 5"].nunique() == 12
    methods = "model", "biases", "popularity", "ease_stars", "neighbours"
    assert found.keys() == {(f"after {n}", method) for n in (1, 2, 5) for method in methods}
    assert found["after 5", "model"]["rmse"] == pytest.approx(metrics["after_5"]["rmse"], abs=1e-5)
    assert all("rmse" in metrics for (_, method), metrics in found.items() if method in ("model", "biases"))
    assert all(metrics["ndcg_at_10"] > 0 for (_, method), metrics in found.items() if method != "biases")


@pytest.mark.parametrize("changes", [{"newcomer_fraction": 0}, {"study": False}], ids=str)
def test_newcomers_may_be_left_out(tmp_path: Path, small_parts: Parts, changes: dict[str, object]) -> None:
    assert run(tmp_path, small_parts, **changes) == {}
