"""Fold-in: the posterior of a user's vector given some ratings, without training.

Given the movies of a draw, a user's vector x = (p, a, b) is a ridge regression on their ratings:

    r_i = μ + c_i + xᵀ y_i + noise,  y_i = (q_i, g_i, 1),  noise ~ N(0, 1/α)
    x ~ N(m + Bᵀ f, Λ⁻¹),  f = Σ V_i / √n over the n movies rated

    x̄ = P⁻¹ (Λ m + Σ h_i),  P = Λ + α Σ y_i y_iᵀ,  h_i = α y_i (r_i - μ - c_i) + Λ Bᵀ V_i / √n

g_i are the known numbers of the movie. The drift is a part of the noise, not common to ratings of about the
same time: so the next visit of a user is predicted better.
"""

import dataclasses
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad
from tqdm import tqdm

from stages.factorization.grouped_ratings import group, solve
from stages.factorization.model import NOISE_SHAPE, Model
from stages.movielens.ratings import Ratings


@dataclass(frozen=True)
class UserPosterior:
    """The normal distribution of a user's vector in each draw. Predictions are averages over the draws."""

    model: Model
    mean: Float[Tensor, "draws entries"]  # x̄
    covariance: Float[Tensor, "draws entries entries"]  # P⁻¹
    noise: Float[
        Tensor, " draws"
    ]  # variance of a rating given x, in stars², with the drift; 0 if not estimated

    def stars(self) -> Float[Tensor, " n_movies"]:
        """Predicted stars of every movie."""
        return self.model.stars(self.mean[None])[0]

    def deviation(self, movie: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Standard deviation of the user's ratings of these movies, in stars.

        By the law of total variance: between the draws, and within each, of the vector and of the noise.
        """
        y = _with_one(self.model.movie_vectors(movie=movie))
        prediction = (y @ self.mean[..., None]).squeeze(-1) + self.model.movie_biases[:, movie].float()
        within = ((y @ self.covariance) * y).sum(dim=2) + self.noise[:, None]
        return (prediction.var(dim=0, correction=0) + within.mean(dim=0)).sqrt()


def fold_in(
    model: Model, movie: Int[Tensor, " n_given"], rating: Float[Tensor, " n_given"], user: int | None = None
) -> UserPosterior:
    """The posterior given ratings, in stars.

    The noise is that of the `user` of the model, or the expected noise of a new user.
    """
    alpha = noise_precision(model, user)[:, 0]
    y = _with_one(model.movie_vectors(movie=movie))
    target = (rating - model.mean - model.movie_biases[:, movie].float())[..., None]
    weighted = alpha[:, None, None] * y
    features = model.feature_basis[movie] / max(len(movie), 1) ** 0.5
    from_features = torch.einsum("dwe,nw->dne", model.feature_weights, features) @ model.prior_precision
    covariance = torch.linalg.inv(model.prior_precision + weighted.mT @ y)
    prior = model.prior_precision @ model.prior_mean[..., None]
    from_ratings = (weighted * target + from_features) @ covariance
    mean = (covariance @ prior).squeeze(-1) + from_ratings.sum(dim=1)
    noise = (1 / alpha).where(model.noise_rate > 0, 0.0)
    return UserPosterior(model, mean, covariance, noise)


def fold_in_users(model: Model, ratings: Ratings, *, known: bool) -> Model:
    """The model with the posterior means of all users given `ratings` in place of their vectors and drift.

    The noise is that of the same users of the model if they are `known`, else that of new users.
    """
    n_users = ratings.n_users
    alpha = noise_precision(model, slice(None)) if known else noise_precision(model).expand(-1, n_users)
    by_user, ones = group(ratings, "user"), torch.ones(len(ratings))
    n_rated = torch.bincount(ratings.user, minlength=n_users).clamp(min=1)
    features = by_user.weighted_sums(model.feature_basis, ones) / n_rated.sqrt()[:, None]
    vectors = torch.zeros(model.draws, n_users, model.prior_mean.shape[1])
    for draw in tqdm(range(model.draws), desc="fold in", unit="draw", delay=2):
        y, precision = _with_one(model.movie_vectors(draw)), model.prior_precision[draw]
        t = ratings.rating - model.mean - model.movie_biases[draw, ratings.movie].float()
        triangle, moment = by_user.normal_equations(y, t[by_user.rating], ones)
        scale = alpha[draw, :, None]
        prior = (model.prior_mean[draw] + features @ model.feature_weights[draw]) @ precision
        moment = prior + scale * moment
        vectors[draw] = solve(scale * triangle, moment, precision, torch.zeros_like(moment))
    return dataclasses.replace(
        model,
        user_factors=vectors[..., :-1],
        user_biases=vectors[..., -1],
        noise=(1 / alpha).where(model.noise_rate[:, None] > 0, 0.0),
        knot=model.knot[:0],
        drift=model.drift[:0, :0],
        drift_length=model.drift_length[:0],
        drift_precision=model.drift_precision[:, :0],
    )


def noise_precision(model: Model, user: int | slice | None = None) -> Float[Tensor, "draws users"]:
    """α of these users of the model, or of a new user, in each draw; 1 if the solver does not estimate it.

    1/α includes the variance of the drift.
    """
    new = (NOISE_SHAPE / model.noise_rate)[:, None]
    precision = new if user is None else (1 / model.noise[:, user].float()).view(model.draws, -1)
    precision = 1 / (1 / precision + (1 / model.drift_precision).sum(dim=1, keepdim=True))
    return precision.where(model.noise_rate[:, None] > 0, 1.0)


def _with_one(vectors: Float[Tensor, "*draws movies k"]) -> Float[Tensor, "*draws movies entries"]:
    """y = (q, g, 1) of each movie."""
    return pad(vectors, (0, 1), value=1.0)
