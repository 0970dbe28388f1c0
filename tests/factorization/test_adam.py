"""Adam follows the gradient of its objective, and reproduces the notebook."""

from pathlib import Path

import pytest
import torch

from stages import notebook
from stages.factorization import adam
from stages.factorization.solver import Hyperparameters
from stages.movielens import layouts
from stages.movielens.ratings import Ratings
from stages.prepare import index
from tests.conftest import hyperparameters, make_problem


def by_autograd(train: Ratings, chosen: Hyperparameters, seed: int) -> list[torch.Tensor]:
    """p, q, b and c by automatic differentiation of the objective as it is written."""
    generator = torch.Generator().manual_seed(seed)
    n_users, n_movies, k = train.n_users, train.n_movies, chosen.latent_factors
    factors = torch.rand(n_users + n_movies, k, generator=generator) * adam.START
    p, q = factors[:n_users].clone().requires_grad_(), factors[n_users:].clone().requires_grad_()
    b, c = torch.zeros(n_users, requires_grad=True), torch.zeros(n_movies, requires_grad=True)
    mean = train.rating.mean() if chosen.biases else torch.tensor(0.0)
    optimizer = torch.optim.Adam([p, q, b, c] if chosen.biases else [p, q], lr=chosen.learning_rate)
    n_u, n_i = torch.bincount(train.user), torch.bincount(train.movie, minlength=n_movies)
    for _ in range(chosen.epochs):
        for batch in torch.randperm(len(train), generator=generator).split(chosen.batch_size):
            u, i = train.user[batch], train.movie[batch]
            error = mean + b[u] + c[i] + (p[u] * q[i]).sum(1) - train.rating[batch]
            of_factors = p[u].square().sum(1) / n_u[u] + q[i].square().sum(1) / n_i[i]
            of_biases = b[u].square() / n_u[u] + c[i].square() / n_i[i]
            penalty = chosen.regularization * of_factors + chosen.bias_regularization * of_biases
            optimizer.zero_grad()
            (error.square() + penalty).mean().backward()
            optimizer.step()
    return [p.detach(), q.detach(), b.detach(), c.detach()]


@pytest.mark.parametrize("biases", [True, False])
def test_steps_are_those_of_automatic_differentiation(train: Ratings, biases: bool) -> None:
    chosen = hyperparameters(biases=biases, epochs=2, latent_factors=3, learning_rate=0.01)
    model = adam.fit(make_problem(train, seed=5), chosen).model
    found = model.user_factors[0], model.movie_factors[0], model.user_biases[0], model.movie_biases[0]
    for part, expected in zip(found, by_autograd(train, chosen, seed=5), strict=True):
        torch.testing.assert_close(part, expected, atol=1e-5, rtol=1e-4)


def test_the_loss_curve_of_the_notebook_is_reproduced(real_zip: Path) -> None:
    """The losses that it printed for epochs 1 to 5 and 30; another order of ratings moves them by 0.3 %."""
    ratings, _, _ = index(layouts.read(real_zip).ratings)
    recipe = notebook.RECIPE.model_copy(update={"epochs": 30})
    losses = adam.fit(make_problem(ratings), recipe).history.train_loss
    assert losses[:5] == pytest.approx([11.0570, 4.7467, 2.4778, 1.7223, 1.3459], rel=0.02)
    assert losses[29] == pytest.approx(0.6510, rel=0.02)
