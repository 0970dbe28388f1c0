"""The baselines are the minima that they claim to be, and see no test rating."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from stages import baselines
from stages.baselines import BASELINES, BaselinesParameters, biases, evaluate, global_mean, popularity
from stages.core.tensors import serialize
from stages.movielens.ratings import Ratings
from stages.ranking.ease import Ease
from tests.conftest import make_ratings
from tests.repository import DEFAULTS


def test_the_global_mean_is_predicted_to_everybody() -> None:
    train = make_ratings([(0, 0, 5.0), (1, 1, 2.0)], n_users=2, n_movies=2)
    assert global_mean(train).predict(train).tolist() == [3.5, 3.5]


@pytest.mark.parametrize("penalty", [0.5, 5.0])
def test_biases_are_the_minimum_of_their_objective(small_parts: dict[str, Ratings], penalty: float) -> None:
    train = small_parts["train"]
    found = biases(train, penalty)
    rows = torch.arange(len(train))
    design = torch.zeros(len(train), train.n_users + train.n_movies, dtype=torch.float64)
    design[rows, train.user] = 1
    design[rows, train.n_users + train.movie] = 1
    target = train.rating.double() - train.rating.double().mean()
    normal = design.T @ design + penalty * torch.eye(design.shape[1], dtype=torch.float64)
    exact = torch.linalg.solve(normal, design.T @ target)
    both = torch.cat([found.user_biases[0], found.movie_biases[0]]).double()
    torch.testing.assert_close(both, exact, atol=2e-3, rtol=0)


def test_without_a_penalty_a_movie_that_nobody_rated_has_no_bias() -> None:
    train = make_ratings([(0, 0, 5.0), (1, 0, 2.0)], n_users=2, n_movies=2)
    assert biases(train, penalty=0).movie_biases[0, 1] == 0


def test_the_most_rated_movie_comes_first_and_of_equals_the_earlier() -> None:
    train = make_ratings([(0, 2, 1.0), (1, 2, 1.0), (0, 1, 5.0), (0, 0, 5.0)], n_users=2, n_movies=4)
    order = popularity(train)(torch.tensor([0, 1])).argsort(dim=1, descending=True)
    assert order.tolist() == [[2, 0, 1, 3]] * 2


def run(
    directory: Path, parts: dict[str, Ratings], n_notebooks: int = 2
) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    for name, part in parts.items():
        (directory / f"{name}.pt").write_bytes(part.serialize())
    factors = {
        "user_factors": torch.ones(n_notebooks, parts["train"].n_users, 1),
        "movie_factors": torch.full((n_notebooks, parts["train"].n_movies, 1), 3.0),
    }
    (directory / "notebook.pt").write_bytes(serialize(factors))
    (directory / "params.yaml").write_text(yaml.safe_dump(DEFAULTS))
    names = (
        "train.pt",
        "validation.pt",
        "test.pt",
        "notebook.pt",
        "ease.pt",
        "p.csv",
        "b.json",
        "params.yaml",
    )
    baselines.main(*(directory / name for name in names))
    rows: dict[str, dict[str, float]] = json.loads((directory / "b.json").read_text())
    return pd.read_csv(directory / "p.csv"), rows


def test_a_notebook_that_was_left_out_has_no_row(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    table, rows = run(tmp_path, small_parts, n_notebooks=0)
    assert "notebook" not in rows
    assert "notebook" not in table
    assert "biases" in rows


def test_every_baseline_has_a_row_and_its_predictions_a_column(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    table, rows = run(tmp_path, small_parts)
    ranks, predicts = {"ndcg_at_10", "recall_at_10"}, {"rmse", "mae"}
    assert {name: set(row) for name, row in rows.items()} == {
        "notebook": ranks | predicts,
        "global_mean": predicts,
        "biases": ranks | predicts,
        "neighbours": ranks | predicts,
        "popularity": ranks,
        "ease": ranks,
    }
    assert list(table) == ["notebook", "global_mean", "biases", "neighbours"]
    assert (table["notebook"] == 3).all()
    assert len(table) == len(small_parts["test"])
    assert rows["biases"]["rmse"] < rows["global_mean"]["rmse"]


def test_without_test_ratings_there_is_nothing_to_measure_but_ease_is_fitted(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    nothing = small_parts["test"][small_parts["test"].rating < 0]
    (tmp_path / "p.csv").write_text("")
    for name, part in {**small_parts, "test": nothing}.items():
        (tmp_path / f"{name}.pt").write_bytes(part.serialize())
    with pytest.raises(pd.errors.EmptyDataError):
        run(tmp_path, {**small_parts, "test": nothing})
    assert json.loads((tmp_path / "b.json").read_text()) == {}
    assert Ease.load(tmp_path / "ease.pt").n_movies == small_parts["train"].n_movies


def test_neighbours_that_would_not_fit_into_memory_are_left_out(
    small_parts: dict[str, Ratings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.neighbours.MOST_CELLS", 10)
    parameters = BaselinesParameters.parse(DEFAULTS)
    chosen = {"neighbours": BASELINES["neighbours"]}
    table, rows = evaluate(**small_parts, parameters=parameters, baselines=chosen)
    assert rows == {}
    assert list(table) == []
