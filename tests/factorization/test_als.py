"""Each half-step of alternating least squares is the exact minimum for all users or all movies."""

from typing import Literal

import pytest
import torch

from stages.core.cli import UserError
from stages.factorization import als
from stages.factorization.grouped_ratings import group
from stages.movielens.ratings import Ratings
from tests.conftest import hyperparameters, make_problem, make_ratings, plant


@pytest.mark.parametrize("at_once", [7, 10_000])
@pytest.mark.parametrize("by", ["user", "movie"])
def test_a_half_step_is_the_ridge_regression_of_each_row(
    monkeypatch: pytest.MonkeyPatch, train: Ratings, by: Literal["user", "movie"], at_once: int
) -> None:
    monkeypatch.setattr("stages.factorization.grouped_ratings.AT_ONCE", at_once)
    row, partner = (train.user, train.movie) if by == "user" else (train.movie, train.user)
    chosen = hyperparameters(latent_factors=3, regularization=15, bias_regularization=4)
    penalty = torch.tensor([15.0, 15.0, 15.0, 4.0], dtype=torch.float64)
    grouped, target = group(train, by), train.rating - train.rating.mean()
    partners = torch.randn(150, 4, generator=torch.Generator().manual_seed(0))[: partner.max() + 1]
    found, squared_error = als.half_step(grouped, target[grouped.rating], partners, chosen)
    x, y = found[row], partners[partner]
    error = (x[:, :3] * y[:, :3]).sum(1) + x[:, 3] + y[:, 3] - target
    torch.testing.assert_close(squared_error.float(), error.square().sum(), rtol=1e-4, atol=0)
    for index in (0, 17, 59):
        own = row == index
        design = partners[partner[own]].double()
        residual = target[own].double() - design[:, 3]
        design[:, 3] = 1
        rows = torch.cat([design, penalty.sqrt().diag()])  # penalties as further ratings
        exact = torch.linalg.lstsq(rows, torch.cat([residual, torch.zeros(4)])[:, None]).solution[:, 0]
        torch.testing.assert_close(found[index], exact.float(), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("regularization", "bias_regularization"), [(0, 0), (0, 4), (15, 0)])
def test_only_undetermined_vectors_need_a_penalty(regularization: float, bias_regularization: float) -> None:
    chosen = hyperparameters(regularization=regularization, bias_regularization=bias_regularization)
    with pytest.raises(UserError, match="bias_regularization"):
        als.fit(make_problem(make_ratings([(0, 0, 5.0)], n_users=2, n_movies=2)), chosen)
    train, _ = plant(40, 40, latent_factors=1, noise=0)
    chosen = hyperparameters(latent_factors=1, epochs=10, regularization=0, bias_regularization=0)
    assert als.fit(make_problem(train), chosen).history.train_loss[-1] < 0.01 * train.rating.var().item()
