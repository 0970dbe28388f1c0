"""Adam does what its equations say, what the notebook does, and finds what was planted."""

import math
from typing import Any

import pytest
import torch

from stages.core.cli import UserError
from stages.factorization import adam
from stages.factorization.solver import Fit, Hyperparameters
from stages.movielens import layouts
from stages.movielens.ratings import Ratings
from stages.prepare import index
from tests.conftest import hyperparameters, make_problem, make_ratings, plant


def fit(train: Ratings, validation: Ratings | None = None, seed: int = 0, **changes: Any) -> Fit:
    return adam.fit(make_problem(train, validation, seed=seed), hyperparameters(**changes))


def reference(train: Ratings, chosen: Hyperparameters, seed: int) -> tuple[torch.Tensor, ...]:
    """The same minimization by automatic differentiation, written down as the objective reads."""
    generator = torch.Generator().manual_seed(seed)
    n_users, n_movies, k = train.n_users, train.n_movies, chosen.latent_factors
    factors = torch.rand(n_users + n_movies, k, generator=generator) * adam.START
    p, q = factors[:n_users].clone().requires_grad_(), factors[n_users:].clone().requires_grad_()
    b, c = torch.zeros(n_users, requires_grad=True), torch.zeros(n_movies, requires_grad=True)
    mean = train.rating.mean() if chosen.biases else torch.tensor(0.0)
    learned = [p, q, b, c] if chosen.biases else [p, q]
    optimizer = torch.optim.Adam(learned, lr=chosen.learning_rate)
    n_u, n_i = torch.bincount(train.user), torch.bincount(train.movie, minlength=n_movies)
    for _ in range(chosen.epochs):
        for batch in torch.randperm(len(train), generator=generator).split(chosen.batch_size):
            u, i = train.user[batch], train.movie[batch]
            error = mean + b[u] + c[i] + (p[u] * q[i]).sum(1) - train.rating[batch]
            loss = error.square()
            for vector, count in ((p[u], n_u[u]), (q[i], n_i[i])):
                loss = loss + chosen.regularization * vector.square().sum(1) / count
            for bias, count in ((b[u], n_u[u]), (c[i], n_i[i])):
                loss = loss + chosen.bias_regularization * bias.square() / count
            optimizer.zero_grad()
            loss.mean().backward()
            optimizer.step()
    return p.detach(), q.detach(), b.detach(), c.detach()


@pytest.mark.parametrize("biases", [True, False])
def test_the_gradient_is_that_of_the_objective(small_parts: dict[str, Ratings], biases: bool) -> None:
    chosen: dict[str, Any] = {"biases": biases, "epochs": 2, "latent_factors": 3, "learning_rate": 0.01}
    model = fit(small_parts["train"], seed=5, **chosen).model
    p, q, b, c = reference(small_parts["train"], hyperparameters(**chosen), seed=5)
    torch.testing.assert_close(model.user_factors[0], p, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(model.movie_factors[0], q, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(model.user_biases[0], b, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(model.movie_biases[0], c, atol=1e-5, rtol=1e-4)


def test_planted_factors_are_recovered() -> None:
    train, held_out = plant(60, 50, latent_factors=2, noise=0.05, share=0.8)
    recipe: dict[str, Any] = {"latent_factors": 2, "epochs": 150, "learning_rate": 0.01}
    found = fit(train, held_out, regularization=0.1, bias_regularization=0.1, **recipe)
    assert found.history.validation_loss[-1] < 0.05 * held_out.rating.var().item()


def test_the_history_has_an_error_for_every_epoch(small_parts: dict[str, Ratings]) -> None:
    history = fit(small_parts["train"], small_parts["validation"], epochs=3).history
    assert len(history.train_loss) == len(history.validation_loss) == 3
    assert history.train_loss[2] < history.train_loss[0]


def test_without_validation_ratings_there_is_no_validation_error(small_parts: dict[str, Ratings]) -> None:
    assert all(math.isnan(loss) for loss in fit(small_parts["train"], epochs=2).history.validation_loss)


def test_validation_ratings_do_not_touch_what_is_learned(small_parts: dict[str, Ratings]) -> None:
    with_them = fit(small_parts["train"], small_parts["validation"], epochs=2).model
    assert with_them.serialize() == fit(small_parts["train"], epochs=2).model.serialize()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(small_parts: dict[str, Ratings]) -> None:
    first, again, other = (
        fit(small_parts["train"], seed=seed, epochs=2).model.serialize() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_a_user_and_a_movie_without_ratings_get_no_bias() -> None:
    model = fit(make_ratings([(0, 0, 5.0), (1, 1, 1.0)], n_users=3, n_movies=3), epochs=5).model
    assert model.user_biases[0, 2] == model.movie_biases[0, 2] == 0
    assert model.user_biases[0, 0] > 0 > model.user_biases[0, 1]


def test_a_loss_that_is_not_finite_stops_with_a_way_out() -> None:
    with pytest.raises(UserError, match=r"not finite after epoch \d+ .*lower learning_rate"):
        fit(make_ratings([(0, 0, 1e30)], 1, 1), epochs=3, biases=False)


def test_the_loss_curve_of_the_notebook_is_reproduced(real_zip: object) -> None:
    """Its first five epochs as the notebook printed them; another order of ratings moves them by 0.3 %."""
    ratings, _, _ = index(layouts.read(real_zip).ratings)  # type: ignore[arg-type]
    recipe: dict[str, Any] = {
        "latent_factors": 8,
        "biases": False,
        "regularization": 0,
        "learning_rate": 0.001,
    }
    losses = fit(ratings, batch_size=128, epochs=5, **recipe).history.train_loss
    printed = [11.0570, 4.7467, 2.4778, 1.7223, 1.3459]
    assert losses == pytest.approx(printed, rel=0.02)
    assert all(math.isfinite(loss) for loss in losses)
