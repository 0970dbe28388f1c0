"""Bayesian matrix factorization by Gibbs sampling, with side information and the hours of the ratings.

The model, with x_u = (p_u, b_u) of a user and y_i = (q_i, c_i) of a movie:

    r(u, i, t) ~ N(μ + b_u + c_i + p_uᵀ q_i + s(u, hour of t), 1/α_u)
    x_u ~ N(m + Bᵀ f_u, Λ⁻¹),  y_i likewise                   f: what is known beside the ratings
    (m, Λ) ~ normal–Wishart,  B ~ N(0, (λ_B Λ)⁻¹),  λ_B ~ gamma
    s ~ N(0, 1/τ),  τ ~ gamma;  α_u ~ gamma(NOISE_SHAPE, rate),  rate ~ gamma

Salakhutdinov & Mnih 2008 (BPMF, equations 11–14) without the features and hours, which are those of Simm et
al. 2017 (Macau) and, for time, b_u(t) of Koren 2010, "Collaborative Filtering with Temporal Dynamics". A
noise of each user's own lets people who rate carelessly teach less. A sweep draws every unknown from its
distribution given all others; after the burn-in every sweep's draw is kept.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization import features
from stages.factorization.embeddings import embed
from stages.factorization.model import BLOCK, NO_EFFECT, NOISE_SHAPE, Model, session_of
from stages.factorization.normal_equations import (
    AT_ONCE,
    GroupedRatings,
    normal_equations,
    of_both_sides,
    unpack,
)
from stages.factorization.prior import Prior
from stages.factorization.solver import Fit, History, Hyperparameters, Problem

HALVED = ["user_biases", "movie_biases", "user_factors", "movie_factors", "noise", "session_effects"]
WHOLE = ["prior_mean", "prior_precision", "feature_weights", "noise_rate", "effect_precision"]
START = 0.1
"""Standard deviation of factors at the start; the sampler forgets it during the burn-in."""


def fit(problem: Problem, hyperparameters: Hyperparameters) -> Fit:
    """Sample for `epochs` sweeps; reads everything but batch_size, learning_rate, biases and the penalties.

    `train_loss` is that of each draw; `validation_loss` that of the average over the draws kept so far.
    """
    validation = problem.validation.to(problem.device)
    state = State(problem, hyperparameters)
    history = History(hyperparameters.epochs)
    burn_in = int(hyperparameters.burn_in * hyperparameters.epochs)
    kept: list[Model] = []
    total = torch.zeros(len(validation), device=problem.device)
    for epoch in range(hyperparameters.epochs):
        state.sweep()
        draw = state.draw()
        if epoch == burn_in:
            total.zero_()
        if epoch >= burn_in:
            kept.append(draw.to(torch.device("cpu")))
        prediction = draw.predict(validation)
        total += prediction
        average = total / len(kept) if kept else prediction
        history.record(state.residual.square().mean(), (average - validation.rating).square().mean())
    return Fit(combine(kept, problem.generator), history)


class State:
    """The current draw of every unknown."""

    def __init__(self, problem: Problem, hyperparameters: Hyperparameters) -> None:
        device, generator = problem.device, problem.generator
        self.train, self.k = problem.train.to(device), hyperparameters.latent_factors
        self.generator = generator
        self.rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        by_user, by_movie = of_both_sides(problem.train, torch.device("cpu"))
        self.by_user, self.by_movie = by_user.to(device), by_movie.to(device)
        self.users, self.movies = (
            torch.cat([START * self._normal(n_rows, self.k), torch.zeros(n_rows, 1, device=device)], dim=1)
            for n_rows in (self.train.n_users, self.train.n_movies)
        )
        known = features.gather(problem, hyperparameters, by_user, by_movie)
        self.feature_basis = known.basis
        self.user_prior = Prior(known.of_users, self.k + 1, self.rng)
        self.movie_prior = Prior(known.of_movies, self.k + 1, self.rng)
        self.mean = self.train.rating.mean()
        self.noise_precision = torch.ones(self.train.n_users, device=device)
        self.noise_rate = NOISE_SHAPE
        self.ratings_of_user = torch.bincount(self.train.user, minlength=self.train.n_users).float()
        self.with_sessions = hyperparameters.sittings
        self.session, self.session_row = torch.unique(session_of(self.train), return_inverse=True)
        self.effects = torch.zeros(len(self.session), device=device)
        self.effect_precision = 10.0 if self.with_sessions else NO_EFFECT
        self.residual = self.train.rating - self.mean

    def sweep(self) -> None:
        """Draw every unknown anew, given the others."""
        effect = self.effects.index_select(0, self.session_row)
        target = self.train.rating - self.mean - effect
        weight = self.noise_precision.index_select(0, self.train.user)
        self.user_prior.draw(self.users)
        self.users = self._draw_vectors(self.by_user, self.movies, target, weight, self.user_prior)
        self.movie_prior.draw(self.movies)
        self.movies = self._draw_vectors(self.by_movie, self.users, target, weight, self.movie_prior)
        rest = self.train.rating - self.mean - self._affinity()
        if self.with_sessions:
            self._draw_effects(rest, weight)
        self.residual = rest - self.effects.index_select(0, self.session_row)
        self._draw_noise()

    def _affinity(self) -> Float[Tensor, " n_ratings"]:
        """b_u + c_i + p_uᵀ q_i of every rating."""
        parts = []
        for user, movie in zip(self.train.user.split(BLOCK), self.train.movie.split(BLOCK), strict=True):
            x, y = self.users.index_select(0, user), self.movies.index_select(0, movie)
            parts.append(torch.linalg.vecdot(x[:, :-1], y[:, :-1]) + x[:, -1] + y[:, -1])
        return torch.cat(parts)

    def _draw_vectors(
        self,
        own: GroupedRatings,
        partners: Float[Tensor, "n_partners entries"],
        target: Float[Tensor, " n_ratings"],
        weight: Float[Tensor, " n_ratings"],
        prior: Prior,
    ) -> Float[Tensor, "n_rows entries"]:
        """Each row from its normal conditional: precision Λ + Σ α y yᵀ, mean its inverse × (Λ m + Σ α y t).

        y is (q_i, 1) for a user and (p_u, 1) for a movie, t the rating less everything that is not theirs.
        With L Lᵀ the precision and z standard normal, L⁻ᵀ (L⁻¹ moment + z) has that mean and covariance.
        """
        design = torch.cat([partners[:, :-1], partners.new_ones(len(partners), 1)], dim=1)
        rest = target.index_select(0, own.rating) - partners[:, -1].index_select(0, own.partner)
        triangle, moment = normal_equations(own, design, rest, weight.index_select(0, own.rating))
        moment += (prior.mean @ prior.precision.float()).to(moment)
        noise = self._normal(*moment.shape)
        drawn = []
        for part, pull, free in zip(
            *(each.split(AT_ONCE) for each in (triangle, moment, noise)), strict=True
        ):
            root = torch.linalg.cholesky(unpack(part, self.k + 1) + prior.precision.to(part))
            half: Tensor = torch.linalg.solve_triangular(root, pull[..., None], upper=False)
            half += free[..., None]
            drawn.append(torch.linalg.solve_triangular(root.mT, half, upper=True).squeeze(-1))
        return torch.cat(drawn)

    def _draw_effects(self, rest: Float[Tensor, " n_ratings"], weight: Float[Tensor, " n_ratings"]) -> None:
        """The effect of each user's hour, then the precision τ of such effects."""
        n_sessions = len(self.session)
        precision = torch.bincount(self.session_row, weight, n_sessions) + self.effect_precision
        average = torch.bincount(self.session_row, weight * rest, n_sessions) / precision
        self.effects = average + self._normal(n_sessions) * precision.rsqrt()
        size = self.effects.square().sum().item()
        self.effect_precision = self.rng.gamma(1 + n_sessions / 2) / (0.1 + size / 2)

    def _draw_noise(self) -> None:
        """The precision α_u of each user's noise, then the rate that they share."""
        squares = torch.bincount(self.train.user, self.residual.square(), self.train.n_users)
        shape = (NOISE_SHAPE + self.ratings_of_user / 2).cpu().numpy()
        rate = (self.noise_rate + squares / 2).cpu().numpy()
        drawn = self.rng.gamma(shape) / rate
        self.noise_rate = self.rng.gamma(1 + NOISE_SHAPE * len(drawn)) / (1 + drawn.sum())
        self.noise_precision = torch.from_numpy(drawn).float().to(self.residual.device)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator).to(self.train.rating.device)

    def draw(self) -> Model:
        """The current draw, as a model; the embeddings are its own movie factors."""
        prior = self.user_prior
        return Model(
            mean=self.mean,
            user_biases=self.users[None, :, -1],
            movie_biases=self.movies[None, :, -1],
            user_factors=self.users[None, :, :-1],
            movie_factors=self.movies[None, :, :-1],
            noise=1 / self.noise_precision[None],
            session=self.session,
            session_effects=self.effects[None],
            prior_mean=prior.shift.float()[None],
            prior_precision=prior.precision.float()[None],
            feature_weights=prior.weights.float()[None],
            feature_basis=self.feature_basis,
            noise_rate=torch.tensor([self.noise_rate], dtype=torch.float32),
            effect_precision=torch.tensor([self.effect_precision], dtype=torch.float32),
            embeddings=self.movies[:, :-1],
        )


def combine(draws: list[Model], generator: torch.Generator) -> Model:
    """One model of all draws, most kept in half precision: its rounding is far below the draws' spread."""
    first = draws[0]
    halved = {name: torch.cat([getattr(draw, name) for draw in draws]).half() for name in HALVED}
    whole = {name: torch.cat([getattr(draw, name) for draw in draws]) for name in WHOLE}
    embeddings = embed(halved["user_factors"], halved["movie_factors"], generator)
    shared = {"mean": first.mean, "session": first.session, "feature_basis": first.feature_basis}
    return Model(**shared, embeddings=embeddings, **halved, **whole)
