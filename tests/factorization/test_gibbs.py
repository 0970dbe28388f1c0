"""The sampler samples what it claims to, finds what was planted, and knows how sure it is."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stages.factorization import gibbs
from stages.factorization.embeddings import embed
from stages.factorization.gibbs import State
from stages.factorization.model import NOISE_SHAPE
from stages.factorization.prior import KAPPA, Prior
from stages.factorization.solver import Fit
from stages.movielens.ratings import Ratings
from tests.conftest import DEGENERATE, hyperparameters, make_problem, make_ratings, plant

PLAIN: dict[str, Any] = {"movie_features": [], "user_features": [], "sittings": False}


def fit(
    train: Ratings,
    validation: Ratings | None = None,
    known: dict[str, Tensor] | None = None,
    seed: int = 0,
    **changes: Any,
) -> Fit:
    problem = make_problem(train, validation, known, seed)
    return gibbs.fit(problem, hyperparameters(solver="gibbs", **{**PLAIN, **changes}))


def test_a_users_vector_is_drawn_from_its_conditional() -> None:
    """4,000 users with the same two ratings are 4,000 draws from one normal distribution."""
    rows = [(user, movie, 4.0 - movie) for user in range(4_000) for movie in range(2)]
    train = make_ratings(rows, n_users=4_000, n_movies=2)
    state = State(make_problem(train), hyperparameters(latent_factors=1, **PLAIN))
    state.movies = torch.tensor([[1.0, 0.2], [-0.5, 0.1]])
    state.user_prior.shift = torch.tensor([0.3, -0.2], dtype=torch.float64)
    state.user_prior.precision = torch.tensor([[2.0, 0.5], [0.5, 3.0]], dtype=torch.float64)
    target, weight = train.rating - state.mean, torch.full((8_000,), 1.7)
    drawn = state._draw_vectors(state.by_user, state.movies, target, weight, state.user_prior)
    design = torch.tensor([[1.0, 1.0], [-0.5, 1.0]], dtype=torch.float64)
    residual = torch.tensor([0.5 - 0.2, -0.5 - 0.1], dtype=torch.float64)  # the mean rating is 3.5
    precision = state.user_prior.precision + 1.7 * design.T @ design
    moment = state.user_prior.precision @ state.user_prior.shift + 1.7 * design.T @ residual
    expected = torch.linalg.solve(precision, moment)
    torch.testing.assert_close(drawn.double().mean(0), expected, atol=0.04, rtol=0)
    torch.testing.assert_close(drawn.double().T.cov(), torch.linalg.inv(precision), atol=0.02, rtol=0)


def assert_means(seen: list[list[float]], expected: list[float]) -> None:
    """The means of correlated samples are as expected, within four standard errors of batches."""
    batches = np.array(seen).reshape(40, -1, len(expected)).mean(axis=1)
    error = batches.std(axis=0, ddof=1) / math.sqrt(40)
    assert (error < 0.3).all(), error
    off = (batches.mean(axis=0) - expected) / error
    assert (np.abs(off) < 4).all(), (batches.mean(axis=0), expected, off)


def digamma(x: float) -> float:
    return torch.tensor(x, dtype=torch.float64).digamma().item()


def test_the_draws_of_vectors_effects_and_noise_agree_with_their_joint_distribution() -> None:
    """Geweke 2004, "Getting It Right": sweeps that alternate with new data leave every prior as it was."""
    rows = [(user, movie, 3.0) for user in range(4) for movie in range(3)]
    train = make_ratings(rows, n_users=4, n_movies=3)
    chosen = hyperparameters(latent_factors=1, movie_features=[], user_features=[], sittings=True)
    state = State(make_problem(train), chosen)
    state.mean = torch.tensor(0.0)
    for prior, spread in ((state.user_prior, 0.5), (state.movie_prior, 0.8)):
        prior.precision = torch.eye(2, dtype=torch.float64) / spread**2
        prior.draw = lambda vectors: None  # type: ignore[method-assign]
    generator = torch.Generator().manual_seed(1)
    seen = []
    for _ in range(4_000):
        x, y = state.users[train.user], state.movies[train.movie]
        level = x[:, 1] + y[:, 1] + x[:, 0] * y[:, 0] + state.effects[state.session_row]
        noise = torch.randn(len(train), generator=generator) * state.noise_precision[train.user].rsqrt()
        state.train = dataclasses.replace(train, rating=level + noise)
        state.sweep()
        seen.append(
            [
                state.users.square().mean().item(),
                state.movies.square().mean().item(),
                state.noise_precision.log().mean().item(),
                math.log(state.noise_rate),
                math.log(state.effect_precision),
            ]
        )
    log_gamma = digamma(1.0)
    expected = [0.25, 0.64, digamma(NOISE_SHAPE) - log_gamma, log_gamma, log_gamma - math.log(0.1)]
    assert_means(seen, expected)


def test_the_draws_of_the_prior_agree_with_their_joint_distribution() -> None:
    """The same for m, Λ, B and λ: drawn in turn with vectors that follow them."""
    features = torch.tensor([[1.0], [0.0], [-1.0]])
    prior = Prior(features, entries=2, rng=np.random.default_rng(5))
    generator = torch.Generator().manual_seed(5)
    seen = []
    vectors = torch.randn(3, 2, generator=generator)
    for _ in range(20_000):
        prior.draw(vectors)
        root = torch.linalg.cholesky(torch.linalg.inv(prior.precision))
        standard = torch.randn(3, 2, generator=generator, dtype=torch.float64)
        vectors = (prior.mean + standard @ root.T).float()
        whitened_shift = prior.shift @ prior.precision @ prior.shift * KAPPA
        whitened_weights = (prior.weights @ prior.precision @ prior.weights.T).item() * prior.penalty
        seen.append(
            [
                prior.precision.logdet().item(),
                math.log(prior.penalty),
                math.log(whitened_shift.item()),
                math.log(whitened_weights),
            ]
        )
    log_determinant = digamma(1.0) + digamma(0.5) + 2 * math.log(2)  # of Wishart(I, 2) in two dimensions
    log_chi_square = digamma(1.0) + math.log(2)  # with 2 degrees of freedom
    expected = [log_determinant, digamma(0.5) - math.log(0.5), log_chi_square, log_chi_square]
    assert_means(seen, expected)


def test_planted_factors_are_recovered() -> None:
    train, held_out = plant(80, 60, latent_factors=2, noise=0.1)
    found = fit(train, held_out, latent_factors=2, epochs=60)
    assert found.history.validation_loss[-1] < 0.03 * held_out.rating.var().item()


def test_predicted_intervals_cover_what_they_say() -> None:
    train, held_out = plant(80, 60, latent_factors=2, noise=0.5, share=0.2)
    mean, deviation = fit(train, held_out, latent_factors=2, epochs=200).model.predict_distribution(held_out)
    covered = ((held_out.rating - mean).abs() < 1.2816 * deviation).float().mean().item()
    assert covered == pytest.approx(0.8, abs=0.03)


def test_the_noise_of_a_careless_user_is_seen() -> None:
    train, _ = plant(40, 60, latent_factors=1, noise=0.2)
    generator = torch.Generator().manual_seed(0)
    careless = train.user < 5
    rating = train.rating + 1.5 * careless * torch.randn(len(train), generator=generator)
    noise = fit(dataclasses.replace(train, rating=rating), latent_factors=1, epochs=60).model.noise
    assert noise.float().mean(0)[:5].min() > 5 * noise.float().mean(0)[5:].max()


def planted_by_genre(n_movies: int = 120) -> tuple[Ratings, Ratings, dict[str, Tensor]]:
    """Two genres, each liked by another half of the users; a quarter of the movies has no training rating."""
    generator = torch.Generator().manual_seed(3)
    genre = torch.arange(n_movies) % 2
    user, movie = torch.cartesian_prod(torch.arange(60), torch.arange(n_movies)).T
    liked = (user % 2 == genre[movie]).float()
    stars = 2.5 + 2 * liked + 0.3 * torch.randn(len(user), generator=generator)
    everything = Ratings(user, movie, stars, torch.arange(len(user)) * 86_400, 60, n_movies)
    rated = (torch.rand(len(user), generator=generator) < 0.1) & (movie >= n_movies // 4)
    known = {"genres": torch.nn.functional.one_hot(genre).float(), "period": torch.zeros(n_movies, 0)}
    return everything[rated], everything[movie < n_movies // 4], known


def test_side_information_predicts_movies_that_nobody_has_rated() -> None:
    train, unrated, known = planted_by_genre()
    options: dict[str, Any] = {"latent_factors": 2, "epochs": 60}
    with_genres = fit(train, unrated, known, movie_features=["genres"], **options).history.validation_loss[-1]
    without = fit(train, unrated, known, **options).history.validation_loss[-1]
    assert with_genres < 0.25
    assert without > 0.8


def test_side_information_that_says_nothing_does_no_harm() -> None:
    train, held_out = plant(80, 60, latent_factors=2, noise=0.3)
    noise = torch.randn(60, 5, generator=torch.Generator().manual_seed(2))
    known = {"genres": noise, "period": torch.zeros(60, 0)}
    options: dict[str, Any] = {"latent_factors": 2, "epochs": 60}
    with_noise = fit(train, held_out, known, movie_features=["genres", "period"], **options)
    without = fit(train, held_out, **options)
    assert with_noise.history.validation_loss[-1] < 1.1 * without.history.validation_loss[-1]


def test_an_hours_effect_is_found_and_ends_with_the_hour() -> None:
    train, _ = plant(30, 60, latent_factors=1, noise=0.2, share=1)
    late = train.movie % 2 == 1
    hours = torch.where(late, 5, 3) * 3600
    noise_deviation = dataclasses.replace(train, rating=train.rating + 0.8 * late, timestamp=hours)
    half = torch.rand(len(train), generator=torch.Generator().manual_seed(0)) < 0.6
    model = fit(noise_deviation[half], latent_factors=1, epochs=60, sittings=True).model
    same = model.predict(noise_deviation[~half]) - noise_deviation[~half].rating
    other = dataclasses.replace(noise_deviation[~half], timestamp=hours[~half] + 10 * 3600)
    assert same.square().mean() < 0.1
    assert len(model.sitting) == 60
    without = dataclasses.replace(model, session_effects=torch.zeros_like(model.session_effects))
    torch.testing.assert_close(model.predict(other), without.predict(noise_deviation[~half]))


def test_the_embeddings_rebuild_the_averaged_predictions(small_parts: dict[str, Ratings]) -> None:
    """Of what users differ in, as averaged over draws, k numbers a movie keep nearly all."""
    train, _ = plant(80, 60, latent_factors=3, noise=0.3)
    model = fit(train, latent_factors=3, epochs=80).model
    users = torch.arange(train.n_users)
    level = model.user_biases.float().mean(0)[:, None] + model.movie_biases.float().mean(0)
    taste = model.score(users) - model.mean - level
    taste = taste - taste.mean(dim=0)
    basis = torch.linalg.qr(model.embeddings).Q
    lost = (taste - taste @ basis @ basis.T).square().sum() / taste.square().sum()
    assert lost < 0.02


def test_distances_of_embeddings_are_differences_in_stars() -> None:
    generator = torch.Generator().manual_seed(0)
    p, q = torch.randn(1, 30, 2, generator=generator), torch.randn(1, 8, 2, generator=generator)
    p = p - p.mean(1, keepdim=True)
    embeddings = embed(p.half(), q.half(), generator)
    stars = (p @ q.mT)[0]
    expected = (stars[:, 0] - stars[:, 5]).square().mean().sqrt()
    torch.testing.assert_close((embeddings[0] - embeddings[5]).norm(), expected, atol=1e-2, rtol=1e-2)


def test_rotating_every_draw_leaves_the_embeddings_distances() -> None:
    generator = torch.Generator().manual_seed(0)
    p, q = torch.randn(4, 30, 3, generator=generator), torch.randn(4, 9, 3, generator=generator)
    turns = torch.linalg.qr(torch.randn(4, 3, 3, generator=generator)).Q
    first = embed(p, q, torch.Generator().manual_seed(1))
    turned = embed(p @ turns, q @ turns, torch.Generator().manual_seed(1))
    torch.testing.assert_close(torch.cdist(first, first), torch.cdist(turned, turned), atol=1e-3, rtol=1e-3)


def test_the_same_seed_gives_the_same_bytes(small_parts: dict[str, Ratings]) -> None:
    options: dict[str, Any] = {"epochs": 4, "user_features": ["rated"], "movie_features": ["raters"]}
    first, again, other = (
        fit(small_parts["train"], seed=seed, **options).model.serialize() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_draws_of_the_burn_in_are_not_kept(small_parts: dict[str, Ratings]) -> None:
    assert fit(small_parts["train"], epochs=5, burn_in=0.4).model.draws == 3


@pytest.mark.parametrize("train", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_data_is_fitted(train: Ratings) -> None:
    known = {"genres": torch.zeros(train.n_movies, 0), "period": torch.ones(train.n_movies, 1)}
    everything: dict[str, Any] = {
        "movie_features": ["genres", "period", "raters"],
        "user_features": ["rated"],
        "sittings": True,
    }
    model = fit(train, known=known, epochs=6, **everything).model
    assert all(tensor.isfinite().all() for tensor in model.predict_distribution(train))
    assert model.embeddings.shape == (train.n_movies, 8)
