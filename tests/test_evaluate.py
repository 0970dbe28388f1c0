"""evaluate: the model is measured on the validation and the test ratings."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages import evaluate
from stages.factorization import als, gibbs
from stages.factorization.model import Model
from stages.ranking.score import fit_known
from tests.conftest import Parts, hyperparameters, make_problem, rmse, run_stage, write_training_inputs

NAMES = "train.pt validation.pt test.pt side.pt model.pt ease.pt predictions.csv scores.csv"
NAMES += " train.json test.json params.yaml"
METRICS = ["rmse", "mae", "ndcg_at_10", "recall_at_10"]


def run(directory: Path, parts: Parts, solver: Any = gibbs, **changes: object) -> tuple[Any, Any]:
    """The metrics on the validation and on the test ratings."""
    write_training_inputs(directory, parts, **changes)
    (directory / "test.pt").write_bytes(parts["test"].serialize())
    chosen = hyperparameters(epochs=10, latent_factors=4, movie_features=[], user_effects=[])
    (directory / "model.pt").write_bytes(solver.fit(make_problem(parts["train"]), chosen).model.serialize())
    genres = torch.ones(parts["train"].n_movies, 1)
    (directory / "ease.pt").write_bytes(fit_known(parts["train"], genres, 50.0).serialize())
    run_stage(evaluate.main, directory, NAMES)
    found = (pd.read_json(directory / f"{name}.json", typ="series").to_dict() for name in ("train", "test"))
    return next(found), next(found)


def test_metrics_are_those_of_the_written_predictions_and_scores(tmp_path: Path, small_parts: Parts) -> None:
    validation, test = run(tmp_path, small_parts)
    assert list(validation) == ["validation_rmse", "validation_ndcg_at_10"]
    assert list(test) == [*METRICS, "coverage_80"]
    table, scores = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("predictions", "scores"))
    model, scale = Model.load(tmp_path / "model.pt"), small_parts["train"].scale()
    for name, found in (("validation", validation["validation_rmse"]), ("test", test["rmse"])):
        part, own = small_parts[name], table[table["part"] == name]
        assert own[["user", "movie"]].to_numpy().tolist() == np.stack([part.user, part.movie], 1).tolist()
        assert found == pytest.approx(rmse(model.predict(part).clamp(*scale), part.rating), abs=1e-6)
        assert ((own["prediction"] - own["rating"]) ** 2).mean() ** 0.5 == pytest.approx(found, abs=1e-3)
        assert set(scores["user"][scores["part"] == name]) == set(part.user.tolist())
    own = scores[scores["part"] == "test"]
    assert own["ndcg_at_10"].mean() == pytest.approx(test["ndcg_at_10"], abs=1e-5)
    assert own["inside_50"].sum() < own["inside_80"].sum() < own["inside_95"].sum() < own["n_ratings"].sum()


def test_a_solver_without_noise_predicts_no_intervals(tmp_path: Path, small_parts: Parts) -> None:
    _, test = run(tmp_path, small_parts, als)
    assert list(test) == METRICS


def test_parts_without_ratings_have_no_metrics(tmp_path: Path, small_parts: Parts) -> None:
    empty = small_parts["test"][torch.zeros(0, dtype=torch.int64)]
    assert run(tmp_path, {**small_parts, "test": empty}, als)[1] == {}
    assert run(tmp_path, {**small_parts, "validation": empty}, als)[0] == {}
    assert run(tmp_path, {"train": small_parts["train"], "validation": empty, "test": empty}) == ({}, {})
    assert len(pd.read_csv(tmp_path / "predictions.csv")) == len(pd.read_csv(tmp_path / "scores.csv")) == 0


def test_boosted_trees_are_a_method_of_their_own(tmp_path: Path, small_parts: Parts) -> None:
    validation, test = run(tmp_path, small_parts, boosting=True, epochs=3, latent_factors=2)
    scores = pd.read_csv(tmp_path / "scores.csv").query("method == 'boosted'")
    errors = scores.groupby("part")[["squared_error", "n_ratings"]].sum()
    found = validation["validation_boosted_rmse"], test["boosted_rmse"]
    expected = (errors["squared_error"] / errors["n_ratings"])[["validation", "test"]] ** 0.5
    assert found == pytest.approx(tuple(expected), abs=1e-5)
    assert test["rmse"] != test["boosted_rmse"]
