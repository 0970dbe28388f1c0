"""Somebody new is answered by the closed form, and every star of the answer is accounted for."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from stages.factorization import adam, als, gibbs
from stages.factorization.fold_in import fold_in
from stages.factorization.model import NOISE_SHAPE, Model, hour_of
from stages.factorization.solver import Fit, Hyperparameters, Problem
from stages.movielens.ratings import Ratings
from tests.conftest import hyperparameters, make_problem
from tests.factorization.test_model import make_model

MOVIES, STARS = torch.tensor([0, 3, 1, 4]), torch.tensor([5.0, 2.0, 4.5, 3.0])
HOURS = torch.tensor([7, 7, 7, 9])


def bayesian() -> Model:
    """A model of three draws with a prior of its own in each."""
    root = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(1))
    precision = root @ root.mT + torch.eye(4)
    return dataclasses.replace(make_model(), prior_precision=precision)


def by_definition(model: Model, draw: int, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of (x, effects of the two hours), from the joint normal, in double precision."""
    design = np.zeros((4, 6))
    design[:, :3], design[:, 3] = model.movie_factors[draw, MOVIES].numpy(), 1
    design[:3, 4], design[3, 5] = 1, 1
    target = (STARS - model.mean - model.movie_biases[draw, MOVIES]).numpy()
    prior = np.zeros((6, 6))
    prior[:4, :4] = model.prior_precision[draw].numpy()
    prior[4:, 4:] = np.eye(2) * model.effect_precision[draw].item()
    features = model.feature_basis[MOVIES].sum(dim=0).numpy() / 2  # √4 movies
    expected = np.zeros(6)
    expected[:4] = model.prior_mean[draw].numpy() + features @ model.feature_weights[draw].numpy()
    covariance = np.linalg.inv(prior + alpha * design.T @ design)
    return covariance @ (prior @ expected + alpha * design.T @ target), covariance


@pytest.mark.parametrize("user", [None, 2])
def test_each_draw_has_the_posterior_of_the_joint_normal(user: int | None) -> None:
    model = bayesian()
    person = fold_in(model, MOVIES, STARS, HOURS, user)
    effects = []
    for draw in range(3):
        alpha = NOISE_SHAPE / model.noise_rate[draw] if user is None else 1 / model.noise[draw, user]
        mean, covariance = by_definition(model, draw, alpha.item())
        assert person.mean[draw].numpy() == pytest.approx(mean[:4], rel=1e-3, abs=1e-3)
        assert person.covariance[draw].numpy() == pytest.approx(covariance[:4, :4], rel=1e-3, abs=1e-3)
        assert person.noise[draw].item() == pytest.approx(1 / alpha + 1 / model.effect_precision[draw])
        effects.append(mean[4:])
    assert person.effects.numpy() == pytest.approx(np.mean(effects, axis=0), rel=1e-3, abs=1e-3)


def test_stars_and_deviation_are_those_of_the_mixture_of_draws() -> None:
    model = bayesian()
    person = fold_in(model, MOVIES, STARS, HOURS)
    design = torch.cat([model.movie_factors, torch.ones(3, 5, 1)], dim=2)
    each = 3.5 + model.movie_biases + (design @ person.mean[..., None]).squeeze(-1)
    torch.testing.assert_close(person.stars(), each.mean(dim=0))
    within = torch.einsum("dme,def,dmf->dm", design, person.covariance, design) + person.noise[:, None]
    variance = each.var(dim=0, correction=0) + within.mean(dim=0)
    torch.testing.assert_close(person.deviation(torch.arange(5)), variance.sqrt())


@pytest.mark.parametrize("model", [make_model(), bayesian()], ids=["simple", "bayesian"])
def test_the_parts_of_a_prediction_add_up_to_it(model: Model) -> None:
    person = fold_in(model, MOVIES, STARS, HOURS)
    for movie, stars in enumerate(person.stars().tolist()):
        alone, added = person.explain(movie)
        assert added.shape == (4,)
        assert alone + added.sum().item() == pytest.approx(stars, abs=1e-4)


def test_without_ratings_a_person_is_what_is_expected_of_anybody() -> None:
    model, nothing = bayesian(), torch.zeros(0, dtype=torch.int64)
    person = fold_in(model, nothing, torch.zeros(0), nothing)
    torch.testing.assert_close(person.mean, model.prior_mean, atol=1e-4, rtol=1e-4)
    assert person.explain(0)[0] == pytest.approx(person.stars()[0].item(), abs=1e-4)
    assert person.effect_in(torch.tensor([7])).tolist() == [0]


def test_the_effect_of_an_hour_is_only_in_that_hour() -> None:
    person = fold_in(bayesian(), MOVIES, STARS, HOURS)
    first, last = person.effects.tolist()
    assert person.effect_in(torch.tensor([9, 8, 7, 1, 99])).tolist() == [last, 0, first, 0, 0]


def test_the_order_of_ratings_does_not_matter() -> None:
    model, order = bayesian(), torch.tensor([2, 0, 3, 1])
    one = fold_in(model, MOVIES, STARS, HOURS).stars()
    other = fold_in(model, MOVIES[order], STARS[order], HOURS[order]).stars()
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_by_als_a_user_is_the_ridge_regression_that_the_solver_ends_with(
    small_parts: dict[str, Ratings],
) -> None:
    train = small_parts["train"]
    model = als.fit(make_problem(train), hyperparameters(solver="als", epochs=60)).model
    own = train[train.user == 5]
    person = fold_in(model, own.movie, own.rating, hour_of(own.timestamp))
    fitted = torch.cat([model.user_factors[0, 5], model.user_biases[0, 5, None]])
    torch.testing.assert_close(person.mean[0], fitted, atol=1e-2, rtol=1e-2)


SOLVERS: dict[str, Callable[[Problem, Hyperparameters], Fit]] = {
    "adam": adam.fit,
    "als": als.fit,
    "gibbs": gibbs.fit,
}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("biases", [True, False])
def test_by_every_solver_users_are_predicted_about_as_in_training(
    small_parts: dict[str, Ratings], solver: str, biases: bool
) -> None:
    train = small_parts["train"]
    known = {"genres": torch.zeros(train.n_movies, 0), "period": torch.zeros(train.n_movies, 0)}
    chosen = hyperparameters(epochs=30, biases=biases, learning_rate=0.01, feature_rank=8)
    model = SOLVERS[solver](make_problem(train, side_information=known), chosen).model
    predicted, asked = [], []
    for user in range(0, train.n_users, 5):
        own = train[train.user == user]
        person = fold_in(model, own.movie, own.rating, hour_of(own.timestamp), user)
        predicted.append(person.stars()[own.movie] + person.effect_in(hour_of(own.timestamp)))
        asked.append(model.predict(own))
    difference: Tensor = (torch.cat(predicted) - torch.cat(asked)).square().mean().sqrt()
    assert difference < 0.25
