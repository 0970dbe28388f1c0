"""Bayesian matrix factorization by Gibbs sampling, with side information and effects of time.

The model, with x_u = (p_u, a_u, b_u) of a user, y_i = (q_i, c_i) and known numbers g_i of a movie:

    r(u, i, t) ~ N(μ + b_u + c_i + p_uᵀ q_i + a_uᵀ g_i + Σ z(u, t), 1/α_u)
    x_u ~ N(m + Bᵀ f_u, Λ⁻¹),  y_i likewise                   f: features
    (m, Λ) ~ normal–Wishart,  B ~ N(0, (λ_B Λ)⁻¹),  λ_B ~ gamma
    α_u ~ gamma(NOISE_SHAPE, rate),  rate ~ gamma;  z: see `drift`

Salakhutdinov & Mnih 2008 (BPMF, equations 11–14), with the features of Simm et al. 2017 (Macau). g_i is the
part of a movie's vector that is not drawn: a user's effects a_u are more entries of their vector. Each user
has a noise precision α_u, so that noisy raters get less weight. A sweep draws every unknown from its
distribution given all others, normal ones with over-relaxation (see `prior`). The draws after the burn-in are
kept.
"""

import dataclasses

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from stages.factorization.drift import Drift
from stages.factorization.features import movie_columns, movie_features, user_features
from stages.factorization.grouped_ratings import GroupedRatings, group, solve, sum_by
from stages.factorization.model import NOISE_SHAPE, Model, dot_products, single
from stages.factorization.prior import RELAXATION, SPREAD, STEP, Prior
from stages.factorization.solver import Fit, History, Hyperparameters, Problem

MAX_BYTES = 2**30  # of the draws that are kept
LARGE = "user_biases movie_biases user_factors movie_factors noise".split()
SMALL = "prior_mean prior_precision feature_weights noise_rate drift_precision".split()
START = 0.25  # standard deviation of factors at the start, near where they end: their scale moves slowly


def fit(problem: Problem, hyperparameters: Hyperparameters) -> Fit:
    """Sample for `epochs` sweeps; reads everything but batch_size, learning_rate, biases and the penalties.

    `train_loss` is that of each draw; `validation_loss` that of the average over the draws kept so far.
    """
    validation = problem.validation.to(problem.device)
    state = State(problem, hyperparameters)
    history = History(burn_in=int(hyperparameters.burn_in * hyperparameters.epochs))
    kept_epochs = state.kept_epochs(hyperparameters.epochs, history.burn_in)
    kept: list[Model] = []
    total = torch.zeros(len(validation), device=problem.device)
    for epoch in history.epochs(hyperparameters.epochs, problem.label):
        state.sweep()
        draw = state.draw()
        prediction = draw.predict(validation)
        if epoch in kept_epochs:
            kept.append(halved(draw).to(torch.device("cpu")))
            state.drift.keep()
            total += prediction
            prediction = total / len(kept)
        history.record(state.residual.square().mean(), (prediction - validation.rating).square().mean())
    return Fit(combine(kept, hyperparameters.latent_factors, state.drift, problem.generator), history)


class State:
    """The current draw of every unknown."""

    def __init__(self, problem: Problem, hyperparameters: Hyperparameters) -> None:
        self.generator, device, k = problem.generator, problem.device, hyperparameters.latent_factors
        self.rng = np.random.default_rng(int(torch.randint(2**62, (), generator=self.generator)))
        self.train = problem.train.to(device)
        self.mean = self.train.rating.mean()
        columns = movie_columns(problem, hyperparameters).to(device)  # g
        width = columns.shape[1]
        self.users = pad(START * self._normal(self.train.n_users, k), (0, width + 1))  # x = (p, a, b)
        factors = START * self._normal(self.train.n_movies, k)
        self.movies = pad(torch.cat([factors, columns], dim=1), (0, 1))  # (q, g, c)
        self.fixed = slice(k, k + width)  # entries of a and g
        self.drawn = torch.tensor([*range(k), k + width], device=device)  # entries of y = (q, c)
        by_user, by_movie = group(problem.train, "user"), group(problem.train, "movie")
        self.by_user, self.by_movie = by_user.to(device), by_movie.to(device)
        of_users, self.feature_basis = user_features(problem, hyperparameters, by_user, by_movie)
        of_movies = movie_features(problem, hyperparameters, by_user, by_movie)
        self.user_prior = Prior(of_users, k + width + 1, self.rng)
        self.movie_prior = Prior(of_movies, k + 1, self.rng)
        self.n_ratings = torch.bincount(self.train.user, minlength=self.train.n_users)
        self.noise_precision = torch.ones(self.train.n_users, device=device)  # α
        self.noise_rate = NOISE_SHAPE
        self.drift = Drift(self.train, hyperparameters.drift_minutes, self.rng)

    def kept_epochs(self, n_epochs: int, burn_in: int) -> range:
        """Epochs whose draws are kept: those after the burn-in, thinned evenly to `MAX_BYTES`, last first."""
        size = 2 * (self.users.numel() + len(self.users) + len(self.movies) * len(self.drawn))
        step = -(-(n_epochs - burn_in) * size // MAX_BYTES)
        return range(n_epochs - 1, burn_in - 1, -step)

    def sweep(self) -> None:
        """Draw every unknown from its distribution given the others."""
        by_user, by_movie, above_mean = self.by_user, self.by_movie, self.train.rating - self.mean
        alpha = self.noise_precision.index_select(0, self.train.user)
        target = above_mean - self.drift.effect
        self.user_prior.draw(self.users)
        weight = alpha.index_select(0, by_user.rating)
        self.users = self._draw_vectors(self.users, by_user, self.movies, target, weight, self.user_prior)
        movies, users = (each.index_select(1, self.drawn) for each in (self.movies, self.users))
        self.movie_prior.draw(movies)
        weight = self.noise_precision.index_select(0, by_movie.partner)  # of the same users, but faster
        target -= dot_products(self.users[:, self.fixed], self.movies[:, self.fixed], self.train)
        movies = self._draw_vectors(movies, by_movie, users, target, weight, self.movie_prior)
        self.movies = self.movies.index_copy(1, self.drawn, movies)
        explained = dot_products(self.users[:, :-1], self.movies[:, :-1], self.train)
        explained += self.users[:, -1].index_select(0, self.train.user)
        explained += self.movies[:, -1].index_select(0, self.train.movie)
        self.residual = above_mean - explained
        self.drift.draw(self.residual, alpha)
        self.residual -= self.drift.effect
        self._draw_noise()

    def _draw_vectors(
        self,
        current: Float[Tensor, "n_rows entries"],
        grouped: GroupedRatings,
        partners: Float[Tensor, "n_partners entries"],
        target: Float[Tensor, " n_ratings"],
        weight: Float[Tensor, " n_ratings"],
        prior: Prior,
    ) -> Float[Tensor, "n_rows entries"]:
        """Each row from N(P⁻¹ (Λ (m + Bᵀ f) + Σ α y t), P⁻¹) with P = Λ + Σ α y yᵀ, over-relaxed.

        `weight` has α in the order of the grouped ratings. With v = r - μ - Σ z, y = (q_i, g_i, 1) and
        t = v - c_i for a user; y = (p_u, 1) and t = v - a_uᵀ g_i - b_u for a movie.
        """
        y = pad(partners[:, :-1], (0, 1), value=1.0)
        t = target.index_select(0, grouped.rating)
        t -= partners[:, -1].index_select(0, grouped.partner)
        triangle, moment = grouped.normal_equations(y, t, weight)
        precision = prior.precision.float()
        moment += (prior.mean @ precision).to(moment)
        noise = SPREAD * self._normal(*moment.shape)
        return solve(triangle, STEP * moment, precision.to(moment), noise) + RELAXATION * current

    def _draw_noise(self) -> None:
        """α_u ~ gamma(NOISE_SHAPE + n_u / 2, rate + Σ residual² / 2); then their common rate."""
        n_users, shape = self.train.n_users, NOISE_SHAPE + self.n_ratings / 2
        rate = self.noise_rate + sum_by(self.train.user, self.residual.square(), n_users) / 2
        precision = self.rng.gamma(shape.cpu().numpy()) / rate.cpu().numpy()
        self.noise_rate = self.rng.gamma(1 + NOISE_SHAPE * n_users) / (1 + precision.sum())
        self.noise_precision = torch.from_numpy(precision).to(self.noise_precision)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator).to(self.train.rating.device)

    def draw(self) -> Model:
        """The current draw, as a model; the embeddings are its movie factors.

        A user without ratings has the mean of the prior instead of a draw, and the variance of its
        predictions, Σ yᵀ Λ⁻¹ y / n over all n ratings, is part of its noise: so there is less to average.
        """
        prior, y = self.user_prior, pad(self.movies[:, :-1], (0, 1), value=1.0)
        variance = (y @ torch.linalg.inv(prior.precision).to(y) * y).sum(dim=1)[self.train.movie].mean()
        users = self.users.where(self.n_ratings[:, None] > 0, prior.mean.to(self.users))
        columns = self.movies[:, self.fixed].half()
        return dataclasses.replace(
            single(self.mean, users, self.movies.index_select(1, self.drawn), columns=columns),
            noise=(1 / self.noise_precision + variance.where(self.n_ratings == 0, 0.0))[None],
            prior_mean=prior.shift.float()[None],
            prior_precision=prior.precision.float()[None],
            feature_weights=prior.weights.float()[None],
            feature_basis=self.feature_basis,
            noise_rate=torch.tensor([self.noise_rate], dtype=torch.float32),
            knot=self.drift.knot,
            drift=self.drift.value,
            drift_length=self.drift.length,
            drift_precision=torch.tensor(self.drift.precision, dtype=torch.float32)[None],
        )


def halved(draw: Model) -> Model:
    """A draw without drift, in half precision where it is large: rounding is below the spread of draws."""
    large = {name: getattr(draw, name).half() for name in LARGE}
    return dataclasses.replace(draw, **large, knot=draw.knot[:0], drift=draw.drift[:, :0])


def combine(draws: list[Model], rank: int, drift: Drift, generator: torch.Generator) -> Model:
    """One model of all draws, with the mean of their drift; embeddings have this rank."""
    joined = {name: torch.cat([getattr(draw, name) for draw in draws]) for name in LARGE + SMALL}
    means = {"knot": drift.knot.cpu(), "drift": (drift.total / drift.n_kept).cpu()}
    model = dataclasses.replace(draws[0], **joined, **means)
    return dataclasses.replace(model, embeddings=model.embed(rank, generator))
