"""Every solver finds planted factors, fits degenerate data, and gives the same bytes for the same seed."""

import math
from typing import Any

import pytest
import torch

from stages.factorization.fit import SOLVERS
from stages.factorization.fold_in import fold_in_users
from stages.factorization.solver import Fit
from stages.movielens.ratings import Ratings
from tests.conftest import DEGENERATE, hyperparameters, make_problem, make_side_information, plant, rmse

solvers = pytest.mark.parametrize("solver", SOLVERS)
ITERATIVE = ["gibbs", "als", "adam"]
"""Solvers that start from random numbers, and whose vectors minimize an error of the ratings alone."""
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA GPU")


def fit(
    solver: str,
    train: Ratings,
    validation: Ratings | None = None,
    device: str = "cpu",
    seed: int = 0,
    **changes: Any,
) -> Fit:
    known = make_side_information(train.n_movies)
    problem = make_problem(train, validation, known, seed)._replace(device=torch.device(device))
    options = {"latent_factors": 2, "epochs": 2, "feature_rank": 8, "learning_rate": 0.01}
    return SOLVERS[solver](problem, hyperparameters(**{**options, **changes}))


@solvers
def test_planted_factors_are_recovered(solver: str) -> None:
    train, held_out = plant(60, 50, latent_factors=2, noise=0.05, share=0.8)
    chosen: dict[str, Any] = {"epochs": 50, "learning_rate": 0.03, "movie_features": [], "user_features": []}
    history = fit(solver, train, held_out, regularization=0.1, bias_regularization=0.1, **chosen).history
    assert 1 <= len(history.train_loss) == len(history.validation_loss) <= 50
    unexplained = 0.05 if solver in ITERATIVE else 0.8
    assert history.validation_loss[-1] < unexplained * held_out.rating.var().item()


@solvers
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("train", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_data_is_fitted(solver: str, train: Ratings, biases: bool) -> None:
    model = fit(solver, train, epochs=6, biases=biases).model
    assert all(tensor.isfinite().all() for tensor in model.predict_distribution(train))
    assert model.embeddings.shape == (train.n_movies, 2)


@solvers
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=gpu)])
def test_the_same_seed_gives_the_same_bytes(solver: str, device: str, train: Ratings) -> None:
    torch.set_num_threads(4)  # which batches of this size use
    sizes: dict[str, Any] = {"epochs": 20, "latent_factors": 16, "batch_size": 2_000}
    first, again = (fit(solver, train, device=device, **sizes).model for _ in range(2))
    assert first.serialize() == again.serialize()


@pytest.mark.parametrize("solver", ITERATIVE)
def test_another_seed_gives_another_result(solver: str, train: Ratings) -> None:
    one, other = (fit(solver, train, seed=seed).model for seed in (1, 2))
    assert one.serialize() != other.serialize()


@solvers
def test_validation_ratings_are_only_measured(solver: str, small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    measured, without = fit(solver, train, small_parts["validation"]), fit(solver, train)
    assert measured.model.serialize() == without.model.serialize()
    assert not any(math.isnan(loss) for loss in measured.history.validation_loss)
    assert all(math.isnan(loss) for loss in without.history.validation_loss)


@pytest.mark.parametrize("solver", ["als", "adam"])
@pytest.mark.parametrize("biases", [True, False])
def test_biases_are_a_choice(solver: str, biases: bool, train: Ratings) -> None:
    model = fit(solver, train, biases=biases).model
    assert all(bool(part.any()) == biases for part in (model.mean, model.user_biases, model.movie_biases))


@pytest.mark.parametrize("solver", ITERATIVE)
@pytest.mark.parametrize("biases", [True, False])
def test_folded_in_users_are_predicted_as_in_training(solver: str, biases: bool, train: Ratings) -> None:
    model = fit(solver, train, latent_factors=8, epochs=30, biases=biases).model
    folded = fold_in_users(model, train, known=True)
    assert rmse(folded.predict(train), model.predict(train)) < 0.25


@gpu
@pytest.mark.parametrize(("solver", "tolerance"), [("als", 1e-3), ("adam", 1e-2)])
def test_predictions_on_a_gpu_are_those_of_the_cpu(solver: str, tolerance: float, train: Ratings) -> None:
    fits = (fit(solver, train, device=device, epochs=10) for device in ("cpu", "cuda"))
    here, there = (found.model.to(torch.device("cpu")).predict(train) for found in fits)
    torch.testing.assert_close(there, here, atol=tolerance, rtol=0)
