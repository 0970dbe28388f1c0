"""The sampler draws from the posterior, and its predictions know how uncertain they are."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import digamma

from stages.factorization import gibbs
from stages.factorization.fold_in import fold_in_users
from stages.factorization.gibbs import State
from stages.factorization.model import NOISE_SHAPE
from stages.factorization.prior import KAPPA, RELAXATION, Prior
from stages.factorization.solver import Fit
from stages.movielens.ratings import Ratings, SideInformation
from tests.conftest import hyperparameters, make_problem, make_ratings, make_side_information, plant, rmse

PLAIN: dict[str, Any] = {"movie_features": [], "user_features": [], "user_effects": [], "drift_minutes": []}


def fit(
    train: Ratings, validation: Ratings | None = None, known: SideInformation | None = None, **changes: Any
) -> Fit:
    chosen = hyperparameters(**{**PLAIN, "latent_factors": 2, "epochs": 60, **changes})
    return gibbs.fit(make_problem(train, validation, known), chosen)


def assert_means(samples: list[list[float]], expected: list[float]) -> None:
    """The means of correlated samples are as expected, within four standard errors of batches."""
    batches = np.array(samples).reshape(20, -1, len(expected)).mean(axis=1)
    error = batches.std(axis=0, ddof=1) / math.sqrt(20)
    assert (error < 0.4).all(), error
    deviations = (batches.mean(axis=0) - expected) / error
    assert (np.abs(deviations) < 4).all(), (batches.mean(axis=0), expected, deviations)


def test_a_users_vector_is_drawn_from_its_conditional() -> None:
    """4,000 users with the same two ratings are 4,000 draws from one normal distribution."""
    rows = [(user, movie, 4.0 - movie) for user in range(4_000) for movie in range(2)]
    train = make_ratings(rows, n_users=4_000, n_movies=2)
    state = State(make_problem(train), hyperparameters(latent_factors=1, **PLAIN))
    state.movies = torch.tensor([[1.0, 0.2], [-0.5, 0.1]])
    state.user_prior.shift = torch.tensor([0.3, -0.2], dtype=torch.float64)
    state.user_prior.precision = torch.tensor([[2.0, 0.5], [0.5, 3.0]], dtype=torch.float64)
    target, alpha = train.rating - state.mean, torch.full((8_000,), 1.7)
    current = torch.tensor([[0.7, -0.4]]).expand(4_000, -1)
    drawn = state._draw_vectors(current, state.by_user, state.movies, target, alpha, state.user_prior)
    design = torch.tensor([[1.0, 1.0], [-0.5, 1.0]], dtype=torch.float64)
    residual = torch.tensor([0.5 - 0.2, -0.5 - 0.1], dtype=torch.float64)  # the mean rating is 3.5
    precision = state.user_prior.precision + 1.7 * design.T @ design
    moment = state.user_prior.precision @ state.user_prior.shift + 1.7 * design.T @ residual
    mean, covariance = torch.linalg.solve(precision, moment), torch.linalg.inv(precision)
    relaxed = mean + RELAXATION * (current[0] - mean), (1 - RELAXATION**2) * covariance
    torch.testing.assert_close(drawn.double().mean(0), relaxed[0], atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.double().T.cov(), relaxed[1], atol=0.01, rtol=0)


def test_draws_of_vectors_effects_and_noise_have_their_joint_distribution() -> None:
    """Geweke 2004, "Getting It Right": sweeps that alternate with new data leave every prior as it was."""
    rows = [(user, movie, 3.0) for user in range(4) for movie in range(3)]
    train = make_ratings(rows, n_users=4, n_movies=3)
    train = dataclasses.replace(train, timestamp=600 * (train.movie + train.movie % 2))  # two in one second
    timed = {"drift_minutes": [15, 5], "user_effects": ["genres"]}
    known = make_side_information(3, genres=torch.tensor([[1.0], [0.0], [0.0]]))
    state = State(
        make_problem(train, side_information=known), hyperparameters(latent_factors=1, **{**PLAIN, **timed})
    )
    state.mean = torch.tensor(0.0)
    correlated = torch.tensor([[1.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    for prior, deviation in ((state.user_prior, 0.5), (state.movie_prior, 0.8)):
        entries = prior.shift.shape[0]
        covariance = torch.eye(entries, dtype=torch.float64) * 0.09
        covariance[:: entries - 1, :: entries - 1] = deviation**2 * correlated
        prior.precision = torch.linalg.inv(covariance)
        prior.shift = torch.zeros(entries, dtype=torch.float64)
        prior.shift[0], prior.shift[-1] = 0.2, -0.4
        prior.draw = lambda vectors: None  # type: ignore[method-assign]
    generator = torch.Generator().manual_seed(1)
    samples = []
    for _ in range(4_000):
        x, y = state.users[train.user], state.movies[train.movie]
        level = x[:, 2] + y[:, 2] + (x[:, :2] * y[:, :2]).sum(dim=1) + state.drift.effect
        noise = torch.randn(len(train), generator=generator) * state.noise_precision[train.user].rsqrt()
        state.train = dataclasses.replace(train, rating=level + noise)
        state.sweep()
        free = state.users[:, [0, 2]], state.movies[:, [0, 2]]
        products = [(each.T @ each / len(each)).flatten().tolist() for each in free]
        own = state.users[:, 1].square().mean().item()
        noise_precision = state.noise_precision.log().mean().item(), math.log(state.noise_rate)
        scales = np.log(state.drift.scale**2).mean(axis=1) + np.log(state.drift.precision)
        effects = [*map(math.log, state.drift.precision), *scales]
        samples.append([*products[0], *products[1], own, *noise_precision, *effects])
    log_gamma, log_noise_precision = digamma(1.0), digamma(NOISE_SHAPE) - digamma(1.0)
    of_users, of_movies = [0.29, 0.045, 0.045, 0.41], [0.68, 0.24, 0.24, 0.80]  # covariance plus shift shiftᵀ
    effects = [log_gamma - math.log(0.1)] * 2 + [digamma(0.5) + math.log(2)] * 2
    assert_means(samples, [*of_users, *of_movies, 0.09, log_noise_precision, log_gamma, *effects])


def test_draws_of_the_prior_have_their_joint_distribution() -> None:
    """The same for m, Λ, B and λ: drawn in turn with vectors from this prior."""
    prior = Prior(torch.tensor([[1.0], [0.0], [-1.0]]), entries=2, rng=np.random.default_rng(5))
    generator = torch.Generator().manual_seed(5)
    samples = []
    vectors = torch.randn(3, 2, generator=generator)
    for _ in range(40_000):
        prior.draw(vectors)
        root = torch.linalg.cholesky(torch.linalg.inv(prior.precision))
        standard = torch.randn(3, 2, generator=generator, dtype=torch.float64)
        vectors = (prior.mean + standard @ root.T).float()
        shift = (prior.shift @ prior.precision @ prior.shift).item() * KAPPA
        weights = (prior.weights @ prior.precision @ prior.weights.T).item() * prior.penalty
        samples.append(
            [prior.precision.logdet().item(), math.log(prior.penalty), math.log(shift), math.log(weights)]
        )
    log_determinant = digamma(1.0) + digamma(0.5) + 2 * math.log(2)  # of Wishart(I, 2) in two dimensions
    log_penalty, log_chi_square = digamma(0.5) - math.log(0.5), digamma(1.0) + math.log(2)
    assert_means(samples, [log_determinant, log_penalty, log_chi_square, log_chi_square])


def test_predicted_intervals_have_their_coverage_also_for_users_without_ratings() -> None:
    train, held_out = plant(200, 60, latent_factors=2, noise=0.5, share=0.2)
    model = fit(train[train.user < 120], epochs=200).model
    mean, deviation = model.predict_distribution(held_out)
    covered = ((held_out.rating - mean).abs() < 1.2816 * deviation).float()
    assert covered[held_out.user < 120].mean().item() == pytest.approx(0.8, abs=0.03)
    assert covered[held_out.user >= 120].mean().item() == pytest.approx(0.8, abs=0.05)
    assert (model.user_factors[:, 120:] == model.user_factors[:, 120:121]).all()  # none differs from others


def test_folding_in_is_about_as_accurate_as_training_again() -> None:
    train, held_out = plant(150, 60, latent_factors=2, noise=0.5, share=0.3)
    is_new, asked = train.user >= 120, held_out[held_out.user >= 120]
    folded = fold_in_users(fit(train[~is_new], epochs=200).model, train[is_new], known=False)
    found, again = (model.predict(asked) for model in (folded, fit(train, epochs=200).model))
    assert rmse(found, asked.rating) < 1.05 * rmse(again, asked.rating) < 0.8


def test_noisy_raters_are_found() -> None:
    train, _ = plant(40, 60, latent_factors=1, noise=0.2)
    noise = 1.5 * (train.user < 5) * torch.randn(len(train), generator=torch.Generator().manual_seed(0))
    found = fit(dataclasses.replace(train, rating=train.rating + noise), latent_factors=1).model.noise
    assert found.float().mean(0)[:5].min() > 5 * found.float().mean(0)[5:].max()


def test_genres_predict_movies_without_ratings() -> None:
    """Two genres, each liked by half of the users; a quarter of the movies have no training ratings."""
    generator, n_users, n_movies = torch.Generator().manual_seed(3), 60, 120
    genre = torch.arange(n_movies) % 2
    user, movie = torch.cartesian_prod(torch.arange(n_users), torch.arange(n_movies)).T
    stars = 2.5 + 2.0 * (user % 2 == genre[movie]) + 0.3 * torch.randn(len(user), generator=generator)
    everything = Ratings(user, movie, stars, torch.arange(len(user)) * 86_400, n_users, n_movies)
    rated = (torch.rand(len(user), generator=generator) < 0.1) & (movie >= n_movies // 4)
    train, unrated = everything[rated], everything[movie < n_movies // 4]
    known = make_side_information(n_movies, genres=torch.nn.functional.one_hot(genre).float())
    assert fit(train, unrated, known, movie_features=["genres"]).history.validation_loss[-1] < 0.25
    assert fit(train, unrated, known).history.validation_loss[-1] > 0.8


def test_a_drift_is_found_at_known_times_and_forgotten_far_from_them() -> None:
    train, _ = plant(30, 60, latent_factors=1, noise=0.2, share=1)
    minute = train.movie * 5
    drift = 0.8 * torch.sin(minute / 40)
    rated = dataclasses.replace(train, rating=train.rating + drift, timestamp=60 * minute)
    half = torch.rand(len(train), generator=torch.Generator().manual_seed(0)) < 0.6
    model, held_out = fit(rated[half], latent_factors=1, drift_minutes=[60]).model, rated[~half]
    assert (model.predict(held_out) - held_out.rating).square().mean() < 0.1
    later = dataclasses.replace(held_out, timestamp=held_out.timestamp + 10**7)
    mean, variance = model.drift_at(later)
    assert mean.abs().max() < 1e-6
    assert variance.mean() == pytest.approx((1 / model.drift_precision).mean().item(), rel=0.01)


def test_what_users_think_of_a_genre_predicts_movies_that_nobody_has_rated() -> None:
    generator = torch.Generator().manual_seed(3)
    genre = torch.nn.functional.one_hot(torch.arange(120) % 2).float()
    user, movie = torch.cartesian_prod(torch.arange(60), torch.arange(120)).T
    stars = (
        3.5
        + (2 * (user % 2) - 1) * (genre[movie, 0] - 0.5)
        + 0.3 * torch.randn(len(user), generator=generator)
    )
    everything = Ratings(user, movie, stars, torch.arange(len(user)) * 86_400, 60, 120)
    train, unrated = everything[movie >= 30], everything[movie < 30]
    known = make_side_information(120, genres=genre)
    assert fit(train, unrated, known, user_effects=["genres"]).history.validation_loss[-1] < 0.15
    assert fit(train, unrated, known).history.validation_loss[-1] > 0.3


def test_draws_of_the_burn_in_are_not_kept(train: Ratings) -> None:
    assert fit(train, epochs=5, burn_in=0.4).model.draws == 3
