"""Fold-in: the posterior of a user's vector given some ratings, without training.

Given the movies of a draw, a user's vector x = (p, b) is a ridge regression on their ratings:

    r_i = μ + c_i + xᵀ y_i + s + noise,  y_i = (q_i, 1),  noise ~ N(0, 1/α),  s ~ N(0, 1/τ) for each session
    x ~ N(m + Bᵀ f, Λ⁻¹),  f = Σ V_i / √n over the n movies rated

    x̄ = P⁻¹ (Λ m + Σ g_i),  P = Λ + Σ ỹ_i y_iᵀ,  g_i = ỹ_i (r_i - μ - c_i) + Λ Bᵀ V_i / √n

where ỹ_i = α (y_i - Σ y / (n_s + τ/α)), with the sum over the n_s ratings of the same session, integrates out
its effect s. So a prediction is exactly the sum of a part from the prior and of a part from each rating.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from stages.factorization.model import NOISE_SHAPE, Model


@dataclass(frozen=True)
class UserPosterior:
    """The normal distribution of a user's vector in each draw. Predictions are averages over the draws."""

    model: Model
    expected: Float[Tensor, "draws entries"]  # part of the mean from the prior: P⁻¹ Λ m
    influence: Float[Tensor, "draws n_given entries"]  # part of the mean from each rating: P⁻¹ g_i
    covariance: Float[Tensor, "draws entries entries"]  # P⁻¹
    noise: Float[Tensor, " draws"]  # variance of a rating given x, in stars², with s; 0 if not estimated
    hours: Int[Tensor, " n_sessions"]  # of the sessions, ascending
    effects: Float[Tensor, " n_sessions"]  # posterior means of s, in stars

    @property
    def mean(self) -> Float[Tensor, "draws entries"]:
        """x̄ of each draw."""
        return self.expected + self.influence.sum(dim=1)

    def stars(self) -> Float[Tensor, " n_movies"]:
        """Predicted stars of every movie, without session effects."""
        return self.model.stars(self.mean[None])[0]

    def deviation(self, movie: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Standard deviation of the user's ratings of these movies, in stars.

        By the law of total variance: between the draws, and within each, of the vector and of the noise.
        """
        y = _with_one(self.model.movie_factors[:, movie])
        prediction = (y @ self.mean[..., None]).squeeze(-1) + self.model.movie_biases[:, movie].float()
        within = ((y @ self.covariance) * y).sum(dim=2) + self.noise[:, None]
        return (prediction.var(dim=0, correction=0) + within.mean(dim=0)).sqrt()

    def effect_in(self, hour: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Session effect in each hour since 1970, in stars; 0 without a rating in that hour."""
        return (hour[:, None] == self.hours).float() @ self.effects

    def explain(self, movie: int) -> tuple[float, Float[Tensor, " n_given"]]:
        """Parts of the prediction for a movie, in stars: without any rating, and from each rating."""
        y = _with_one(self.model.movie_factors[:, movie])
        from_prior = (self.expected * y).sum(dim=1) + self.model.movie_biases[:, movie].float()
        from_ratings = torch.einsum("dne,de->n", self.influence, y) / self.model.draws
        return (self.model.mean + from_prior.mean()).item(), from_ratings


def fold_in(
    model: Model,
    movie: Int[Tensor, " n_given"],
    rating: Float[Tensor, " n_given"],
    hour: Int[Tensor, " n_given"],
    user: int | None = None,
) -> UserPosterior:
    """The posterior given ratings, in stars, in these hours since 1970.

    The noise is that of the `user` of the model, or the expected noise of a new user.
    """
    alpha = _noise_precision(model, user)
    y = _with_one(model.movie_factors.index_select(1, movie))
    target = (rating - model.mean - model.movie_biases[:, movie].float())[..., None]
    hours, session, n_ratings = torch.unique(hour, return_inverse=True, return_counts=True)
    weight = n_ratings + (model.effect_precision / alpha)[:, None]  # n_s + τ/α

    def session_means(value: Float[Tensor, "draws n_given width"]) -> Float[Tensor, "draws n_sessions width"]:
        sums = value.new_zeros(model.draws, len(hours), value.shape[2]).index_add_(1, session, value)
        return torch.div(sums, weight[..., None])

    y_tilde = alpha[:, None, None] * (y - session_means(y).index_select(1, session))
    features = model.feature_basis[movie] / max(len(movie), 1) ** 0.5
    from_features = torch.einsum("dwe,nw->dne", model.feature_weights, features) @ model.prior_precision
    covariance = torch.linalg.inv(model.prior_precision + y_tilde.mT @ y)
    prior = model.prior_precision @ model.prior_mean[..., None]
    expected = (covariance @ prior).squeeze(-1)
    influence = (y_tilde * target + from_features) @ covariance
    residual = target - y @ (expected + influence.sum(dim=1))[..., None]
    noise = (1 / alpha + 1 / model.effect_precision).where(model.noise_rate > 0, 0.0)
    effects = session_means(residual).mean(dim=0).squeeze(-1)
    return UserPosterior(model, expected, influence, covariance, noise, hours, effects)


def _noise_precision(model: Model, user: int | None) -> Float[Tensor, " draws"]:
    """α of each draw; 1 if the solver does not estimate it."""
    precision = NOISE_SHAPE / model.noise_rate if user is None else 1 / model.noise[:, user].float()
    return precision.where(model.noise_rate > 0, 1.0)


def _with_one(factors: Tensor) -> Tensor:
    """y = (q, 1) of each movie."""
    return pad(factors.float(), (0, 1), value=1.0)
