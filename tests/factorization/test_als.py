"""Least squares: the exact minimum of each half, never a step up, and what was planted is found."""

import itertools
from typing import Any

import pytest
import torch

from stages.core.cli import UserError
from stages.factorization import als
from stages.factorization.normal_equations import AT_ONCE, of_both_sides
from stages.factorization.solver import Fit
from stages.movielens.ratings import Ratings
from tests.conftest import DEGENERATE, hyperparameters, make_problem, make_ratings, plant


def fit(train: Ratings, validation: Ratings | None = None, seed: int = 0, **changes: Any) -> Fit:
    return als.fit(make_problem(train, validation, seed=seed), hyperparameters(**changes))


@pytest.mark.parametrize("at_once", [7, AT_ONCE])
def test_a_half_step_is_the_ridge_regression_of_each_user(
    small_parts: dict[str, Ratings], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("stages.factorization.als.AT_ONCE", at_once)
    train, chosen = small_parts["train"], hyperparameters(latent_factors=3)
    by_user, _ = of_both_sides(train, torch.device("cpu"))
    movies = torch.randn(train.n_movies, 4, generator=torch.Generator().manual_seed(0))
    target = train.rating - train.rating.mean()
    found, squares = als.half_step(by_user, target[by_user.rating], movies, chosen)
    mine = found[train.user]
    predicted = (mine[:, :3] * movies[train.movie, :3]).sum(1) + mine[:, 3] + movies[train.movie, 3]
    torch.testing.assert_close(squares.float(), (predicted - target).square().sum(), rtol=1e-4, atol=0)
    penalty = torch.tensor([15.0, 15.0, 15.0, 4.0], dtype=torch.float64)
    for user in (0, 17, 59):
        mine = train.user == user
        design = movies[train.movie[mine]].double()
        residual = target[mine].double() - design[:, 3]
        design[:, 3] = 1
        # the same least squares, with the penalty as further rows
        rows = torch.cat([design, penalty.sqrt().diag()])
        exact = torch.linalg.lstsq(rows, torch.cat([residual, torch.zeros(4)])[:, None]).solution[:, 0]
        torch.testing.assert_close(found[user], exact.float(), atol=1e-4, rtol=1e-3)


def test_no_half_step_raises_the_objective(small_parts: dict[str, Ratings]) -> None:
    train, chosen = small_parts["train"], hyperparameters(latent_factors=3)
    by_user, by_movie = of_both_sides(train, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    users = torch.zeros(train.n_users, 4)
    movies = torch.randn(train.n_movies, 4, generator=generator)
    target = train.rating - train.rating.mean()
    of_users, of_movies = target[by_user.rating], target[by_movie.rating]
    penalty = torch.tensor([15.0, 15.0, 15.0, 4.0])

    def objective() -> float:
        p, q = users[train.user], movies[train.movie]
        error = (p[:, :3] * q[:, :3]).sum(1) + p[:, 3] + q[:, 3] - target
        return (
            error.square().sum() + (penalty * users.square()).sum() + (penalty * movies.square()).sum()
        ).item()

    seen = [objective()]
    for _ in range(5):
        users, _ = als.half_step(by_user, of_users, movies, chosen)
        seen.append(objective())
        movies, _ = als.half_step(by_movie, of_movies, users, chosen)
        seen.append(objective())
    assert all(later < earlier for earlier, later in itertools.pairwise(seen))


def test_planted_factors_are_recovered() -> None:
    train, held_out = plant(80, 60, latent_factors=2, noise=0.05)
    found = fit(train, held_out, latent_factors=2, epochs=30, regularization=0.1, bias_regularization=0.1)
    assert found.history.validation_loss[-1] < 0.02 * held_out.rating.var().item()


@pytest.mark.parametrize("biases", [True, False])
def test_the_loss_is_the_mean_squared_error_of_the_model(
    small_parts: dict[str, Ratings], biases: bool
) -> None:
    train = small_parts["train"]
    found = fit(train, epochs=3, biases=biases)
    expected = (found.model.predict(train) - train.rating).square().mean().item()
    assert found.history.train_loss[-1] == pytest.approx(expected, rel=1e-4)


def test_factors_start_around_zero_with_the_given_spread_and_biases_at_zero() -> None:
    start = als._start(10_000, 0.3, make_problem(DEGENERATE["one rating"]), hyperparameters(latent_factors=2))
    assert start.mean(dim=0).tolist() == pytest.approx([0, 0, 0], abs=0.01)
    assert start.std(dim=0).tolist() == pytest.approx([0.3, 0.3, 0], abs=0.01)


def test_the_same_seed_gives_the_same_bytes(small_parts: dict[str, Ratings]) -> None:
    first, again, other = (
        fit(small_parts["train"], seed=seed, epochs=2).model.serialize() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_without_biases_there_are_none(small_parts: dict[str, Ratings]) -> None:
    model = fit(small_parts["train"], epochs=2, biases=False).model
    assert not model.user_biases.any()
    assert not model.movie_biases.any()
    assert model.mean == 0


@pytest.mark.parametrize(("regularization", "bias_regularization"), [(0, 0), (0, 4), (15, 0)])
def test_a_singular_system_says_what_to_do(regularization: float, bias_regularization: float) -> None:
    train = make_ratings([(0, 0, 5.0)], n_users=2, n_movies=2)
    with pytest.raises(UserError, match="do not determine their factors; als needs regularization"):
        fit(train, epochs=1, regularization=regularization, bias_regularization=bias_regularization)


def test_no_penalty_is_needed_where_the_ratings_determine_everything() -> None:
    train, _ = plant(40, 40, latent_factors=1, noise=0)
    found = fit(train, latent_factors=1, epochs=10, regularization=0, bias_regularization=0)
    assert found.history.train_loss[-1] < 0.01 * train.rating.var().item()


@pytest.mark.parametrize("train", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_data_is_fitted(train: Ratings) -> None:
    assert fit(train, epochs=3).model.predict(train).isfinite().all()
