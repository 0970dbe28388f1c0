"""Fold-in: the posterior of a user's vector given some ratings, without training.

Given the movies of a draw, a user's vector x = (p, b) is a ridge regression on their ratings:

    r_i = μ + c_i + xᵀ y_i + s + noise,  y_i = (q_i, 1),  noise ~ N(0, 1/α),  s ~ N(0, 1/τ) for each session
    x ~ N(m + Bᵀ f, Λ⁻¹),  f = Σ V_i / √n over the n movies rated

    x̄ = P⁻¹ (Λ m + Σ g_i),  P = Λ + Σ ỹ_i y_iᵀ,  g_i = ỹ_i (r_i - μ - c_i) + Λ Bᵀ V_i / √n

where ỹ_i = α (y_i - Σ y / (n_s + τ/α)), with the sum over the n_s ratings of the same session, integrates out
its effect s. So a prediction is exactly the sum of a part from the prior and of a part from each rating. q_i
includes the known numbers of the movie. Drift is a part of s, as far as the ratings of a session share it;
the rest is a part of the noise.
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
from stages.movielens.ratings import MAX_MINUTES, Ratings, session_of


@dataclass(frozen=True)
class UserPosterior:
    """The normal distribution of a user's vector in each draw. Predictions are averages over the draws."""

    model: Model
    expected: Float[Tensor, "draws entries"]  # part of the mean from the prior: P⁻¹ Λ m
    influence: Float[Tensor, "draws n_given entries"]  # part of the mean from each rating: P⁻¹ g_i
    covariance: Float[Tensor, "draws entries entries"]  # P⁻¹
    noise: Float[Tensor, " draws"]  # variance of a rating given x, in stars², with s; 0 if not estimated

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
    timestamp: Int[Tensor, " n_given"],
    user: int | None = None,
) -> UserPosterior:
    """The posterior given ratings, in stars, at these times, in seconds since 1970.

    The noise is that of the `user` of the model, or the expected noise of a new user.
    """
    alpha = noise_precision(model, user)[:, 0]
    y = _with_one(model.movie_factors.index_select(1, movie))
    target = (rating - model.mean - model.movie_biases[:, movie].float())[..., None]
    number = timestamp // model.session_length
    _, session, n_ratings = torch.unique(number, return_inverse=True, return_counts=True)
    sums = y.new_zeros(model.draws, len(n_ratings), y.shape[2]).index_add_(1, session, y)
    shared = sums / (n_ratings + (model.time_precision / alpha)[:, None])[..., None]  # Σ y / (n_s + τ/α)
    y_tilde = alpha[:, None, None] * (y - shared.index_select(1, session))
    features = model.feature_basis[movie] / max(len(movie), 1) ** 0.5
    from_features = torch.einsum("dwe,nw->dne", model.feature_weights, features) @ model.prior_precision
    covariance = torch.linalg.inv(model.prior_precision + y_tilde.mT @ y)
    prior = model.prior_precision @ model.prior_mean[..., None]
    expected = (covariance @ prior).squeeze(-1)
    influence = (y_tilde * target + from_features) @ covariance
    noise = (1 / alpha + 1 / model.time_precision).where(model.noise_rate > 0, 0.0)
    return UserPosterior(model, expected, influence, covariance, noise)


def fold_in_users(model: Model, ratings: Ratings, *, known: bool) -> Model:
    """The model with the posterior means of all users given `ratings` in place of their vectors and effects.

    The noise is that of the same users of the model if they are `known`, else that of new users. The
    equations are those of `fold_in`: with S = Σ y and T = Σ t over the n_s ratings of a session,

        P = Λ + α (Σ y yᵀ - Σ_s S Sᵀ / (n_s + τ/α)),    P x̄ = Λ (m + Bᵀ f) + α (Σ y t - Σ_s S T / (n_s + τ/α))
    """
    n_users = ratings.n_users
    alpha = noise_precision(model, slice(None)) if known else noise_precision(model).expand(-1, n_users)
    by_user, ones = group(ratings, "user"), torch.ones(len(ratings))
    number = session_of(ratings, model.session_length)
    session, row, n_ratings = torch.unique(number, return_inverse=True, return_counts=True)
    owner, n_sessions = session // MAX_MINUTES, len(session)
    by_session = group(dataclasses.replace(ratings, user=row, n_users=n_sessions), "user")
    each, zeros = torch.arange(n_sessions), torch.zeros(n_sessions)
    sessions = group(Ratings(owner, each, zeros, each, n_users, n_sessions), "user")  # sessions as movies
    n_rated = torch.bincount(ratings.user, minlength=n_users).clamp(min=1)
    features = by_user.weighted_sums(model.feature_basis, ones) / n_rated.sqrt()[:, None]
    vectors = torch.zeros(model.draws, n_users, model.prior_mean.shape[1])
    effects = torch.zeros(n_sessions)
    for draw in tqdm(range(model.draws), desc="fold in", unit="draw", delay=2):
        y, precision = _with_one(model.movie_factors[draw]), model.prior_precision[draw]
        t = ratings.rating - model.mean - model.movie_biases[draw, ratings.movie].float()
        s, t_s = by_session.weighted_sums(y, ones), torch.bincount(row, t, n_sessions)
        weight = 1 / (n_ratings + model.time_precision[draw] / alpha[draw, owner])
        triangle, moment = by_user.normal_equations(y, t[by_user.rating], ones)
        shared = sessions.normal_equations(s, t_s[sessions.rating], weight[sessions.rating])
        prior = (model.prior_mean[draw] + features @ model.feature_weights[draw]) @ precision
        scale = alpha[draw, :, None]
        moment = prior + scale * (moment - shared[1])
        vectors[draw] = solve(scale * (triangle - shared[0]), moment, precision, torch.zeros_like(moment))
        effects += weight * (t_s - torch.linalg.vecdot(s, vectors[draw, owner])) / model.draws
    return dataclasses.replace(
        model,
        user_factors=vectors[..., :-1],
        user_biases=vectors[..., -1],
        noise=(1 / alpha).where(model.noise_rate[:, None] > 0, 0.0),
        session=session,
        session_effects=effects.expand(model.draws, -1),
        effect_precision=model.time_precision,
        knot=model.knot[:0],
        drift=model.drift[:0, :0],
        drift_length=model.drift_length[:0],
        drift_precision=model.drift_precision[:, :0],
    )


def noise_precision(model: Model, user: int | slice | None = None) -> Float[Tensor, "draws users"]:
    """α of these users of the model, or of a new user, in each draw; 1 if the solver does not estimate it.

    1/α includes the variance of drift that differs between the ratings of a session.
    """
    new = (NOISE_SHAPE / model.noise_rate)[:, None]
    precision = new if user is None else (1 / model.noise[:, user].float()).view(model.draws, -1)
    brief = ((1 - model.in_common) / model.drift_precision).sum(dim=1, keepdim=True)
    precision = 1 / (1 / precision + brief)
    return precision.where(model.noise_rate[:, None] > 0, 1.0)


def _with_one(factors: Tensor) -> Tensor:
    """y = (q, 1) of each movie."""
    return pad(factors.float(), (0, 1), value=1.0)
