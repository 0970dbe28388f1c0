"""On a GPU, training gives what it gives on the CPU, within what rounding allows."""

import pytest
import torch

from stages.movielens.ratings import Ratings
from stages.ranking.metrics import rmse
from stages.train import SOLVERS
from tests.conftest import hyperparameters, make_problem

GPU = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA GPU")
)
TOLERANCE = {"als": 1e-3, "adam": 1e-2}
"""Stars, of a prediction."""


def predict(parts: dict[str, Ratings], solver: str, device: str, epochs: int) -> torch.Tensor:
    train = parts["train"]
    known = {"genres": torch.eye(train.n_movies)[:, :5], "period": torch.eye(train.n_movies)[:, :3]}
    problem = make_problem(train, parts["validation"], known)._replace(device=torch.device(device))
    model = SOLVERS[solver](problem, hyperparameters(epochs=epochs)).model
    return model.to(torch.device("cpu")).predict(parts["test"])


@pytest.mark.parametrize("device", [GPU])
@pytest.mark.parametrize("solver", list(TOLERANCE))
def test_predictions_are_those_of_the_cpu(small_parts: dict[str, Ratings], solver: str, device: str) -> None:
    here, there = (predict(small_parts, solver, each, epochs=10) for each in ("cpu", device))
    torch.testing.assert_close(there, here, atol=TOLERANCE[solver], rtol=0)


@pytest.mark.parametrize("device", [GPU])
def test_draws_are_others_but_as_good(small_parts: dict[str, Ratings], device: str) -> None:
    stars = small_parts["test"].rating
    here, there = (rmse(predict(small_parts, "gibbs", each, 100), stars) for each in ("cpu", device))
    assert there == pytest.approx(here, abs=0.02)
