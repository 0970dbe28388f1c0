"""Folding in gives the posterior in closed form."""

import dataclasses

import numpy as np
import pytest
import torch

from stages.factorization.fold_in import fold_in, fold_in_users
from stages.factorization.model import NOISE_SHAPE, Model
from stages.movielens.ratings import Ratings
from tests.factorization.test_model import make_model, vectors

MOVIES, STARS = torch.tensor([0, 3, 1, 4]), torch.tensor([5.0, 2.0, 4.5, 3.0])


def bayesian_model() -> Model:
    """A model of three draws with a different prior in each."""
    root = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(1))
    return dataclasses.replace(make_model(), prior_precision=root @ root.mT + torch.eye(4))


def by_definition(model: Model, draw: int, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of x, from the joint normal, in double precision."""
    design = np.ones((4, 4))
    design[:, :3] = vectors(model)[draw, MOVIES].numpy()
    target = (STARS - model.mean - model.movie_biases[draw, MOVIES]).numpy()
    prior = model.prior_precision[draw].double().numpy()
    features = model.feature_basis[MOVIES].sum(dim=0).numpy() / 2  # √4 movies
    expected = model.prior_mean[draw].numpy() + features @ model.feature_weights[draw].numpy()
    covariance = np.linalg.inv(prior + alpha * design.T @ design)
    return covariance @ (prior @ expected + alpha * design.T @ target), covariance


@pytest.mark.parametrize("user", [None, 2])
def test_each_draw_has_the_posterior_of_the_joint_normal(user: int | None) -> None:
    model = bayesian_model()
    posterior = fold_in(model, MOVIES, STARS, user)
    for draw in range(3):
        noise = model.noise_rate[draw] / NOISE_SHAPE if user is None else model.noise[draw, user]
        mean, covariance = by_definition(model, draw, 1 / noise.item())
        assert posterior.mean[draw].numpy() == pytest.approx(mean, rel=1e-3, abs=1e-3)
        assert posterior.covariance[draw].numpy() == pytest.approx(covariance, rel=1e-3, abs=1e-3)
        assert posterior.noise[draw].item() == pytest.approx(noise.item())


def test_stars_and_deviation_are_those_of_the_mixture_of_draws() -> None:
    model = bayesian_model()
    posterior = fold_in(model, MOVIES, STARS)
    design = torch.cat([vectors(model), torch.ones(3, 5, 1)], dim=2)
    each = 3.5 + model.movie_biases + (design @ posterior.mean[..., None]).squeeze(-1)
    torch.testing.assert_close(posterior.stars(), each.mean(dim=0))
    within = torch.einsum("dme,def,dmf->dm", design, posterior.covariance, design) + posterior.noise[:, None]
    variance = each.var(dim=0, correction=0) + within.mean(dim=0)
    torch.testing.assert_close(posterior.deviation(torch.arange(5)), variance.sqrt())


@pytest.mark.parametrize("known", [True, False])
def test_many_users_are_folded_in_as_each_alone(known: bool) -> None:
    """A user with the ratings above, one with a single rating, and one with none."""
    model, user = bayesian_model(), torch.tensor([2, 2, 2, 2, 0])
    movie, stars = torch.cat([MOVIES, torch.tensor([2])]), torch.cat([STARS, torch.tensor([1.0])])
    rows = Ratings(user, movie, stars, torch.zeros_like(user), model.n_users, 5)
    folded = fold_in_users(model, rows, known=known)
    for each in range(model.n_users):
        own = user == each
        posterior = fold_in(model, movie[own], stars[own], each if known else None)
        vectors = torch.cat([folded.user_factors[:, each], folded.user_biases[:, each, None]], dim=1)
        torch.testing.assert_close(vectors, posterior.mean, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(folded.noise[:, each], posterior.noise)
    assert not len(folded.knot)
