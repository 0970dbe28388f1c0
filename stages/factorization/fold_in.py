"""What the model knows of a person from a few ratings, without training: the posterior given these.

With the movies as they are in a draw, a person's vector x = (p, b) is a ridge regression of their ratings:

    r_i = μ + c_i + x · (q_i, 1) + s + noise,    noise ~ N(0, 1/α),  s ~ N(0, 1/τ) shared within an hour
    x ~ N(m + Bᵀ f, Λ⁻¹)                          f = Σ V_i / √n: which movies they rated

    P = Λ + Σ ỹ_i y_iᵀ,    x̄ = P⁻¹ (Λ m + Σ g_i),    g_i = ỹ_i (r_i - μ - c_i) + Λ Bᵀ V_i / √n

where y_i = (q_i, 1) and ỹ_i = α (y_i - Σ y / (n_s + τ/α)), the sum over the n_s ratings of the same hour, as
its effect s is integrated out. So a prediction is the sum of what the model expects of anybody and of what
follows from each of the ratings, exactly; and predictions are averages over the draws, as in training.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.factorization.model import NOISE_SHAPE, Model


@dataclass(frozen=True)
class UserPosterior:
    """Somebody's vector in each draw, as a normal distribution, and where its mean comes from."""

    model: Model
    expected: Float[Tensor, "draws entries"]
    """The part of the mean that is not owed to any rating: P⁻¹ Λ m."""
    influence: Float[Tensor, "draws n_given entries"]
    """The part that is owed to each rating: P⁻¹ g_i."""
    covariance: Float[Tensor, "draws entries entries"]
    """P⁻¹."""
    noise: Float[Tensor, " draws"]
    """Variance of a rating around x · (q, 1), its hour's effect included, in stars²; 0 if not known."""
    hours: Int[Tensor, " n_hours"]
    """The hours in which the ratings were given, ascending,"""
    effects: Float[Tensor, " n_hours"]
    """and what is expected of their effects, in stars."""

    @property
    def mean(self) -> Float[Tensor, "draws entries"]:
        """x̄ of each draw."""
        return self.expected + self.influence.sum(dim=1)

    def stars(self) -> Float[Tensor, " n_movies"]:
        """Predicted stars of every movie, at no set time."""
        return self.model.stars(self.mean[None])[0]

    def deviation(self, movie: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Standard deviation, in stars, of what the person may give these movies some day.

        By the law of total variance: between the draws; within each, of the vector and of the noise.
        """
        design = _with_one(self.model.movie_factors[:, movie])
        between = (design @ self.mean[..., None]).squeeze(-1) + self.model.movie_biases[:, movie].float()
        within = ((design @ self.covariance) * design).sum(dim=2) + self.noise[:, None]
        return (between.var(dim=0, correction=0) + within.mean(dim=0)).sqrt()

    def effect_in(self, hour: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Stars to be added in these hours; 0 where the person gave no rating."""
        row = torch.searchsorted(self.hours, hour).clamp(max=max(len(self.hours) - 1, 0))
        return (
            self.effects[row].where(self.hours[row] == hour, 0.0)
            if len(self.hours)
            else torch.zeros(len(hour))
        )

    def explain(self, movie: int) -> tuple[float, Float[Tensor, " n_given"]]:
        """The prediction for a movie, in parts: without any rating, and what each rating adds, in stars."""
        design = _with_one(self.model.movie_factors[:, movie])
        alone = (self.expected * design).sum(dim=1) + self.model.movie_biases[:, movie].float()
        added = torch.einsum("dne,de->n", self.influence, design) / self.model.draws
        return (self.model.mean + alone.mean()).item(), added


def fold_in(
    model: Model,
    movie: Int[Tensor, " n_given"],
    rating: Float[Tensor, " n_given"],
    hour: Int[Tensor, " n_given"],
    user: int | None = None,
) -> UserPosterior:
    """The person who gave these movies these stars, in these hours since 1970.

    The noise of their ratings is that of the `user` of the model, or what is expected of somebody new.
    """
    noise_precision = _noise_precision(model, user)
    design = _with_one(model.movie_factors.index_select(1, movie))
    target = rating - model.mean - model.movie_biases[:, movie].float()
    hours, of_hour, count = torch.unique(hour, return_inverse=True, return_counts=True)
    weight = count + (model.effect_precision / noise_precision)[:, None]

    def expected_effects(value: Float[Tensor, "draws n_given width"]) -> Float[Tensor, "draws n_hours width"]:
        none = value.new_zeros(len(value), len(hours), value.shape[2])
        return torch.div(none.index_add_(1, of_hour, value), weight[..., None])

    shared = expected_effects(design).index_select(1, of_hour)
    pulled = noise_precision[:, None, None] * (design - shared)
    features = model.feature_basis[movie] / max(len(movie), 1) ** 0.5
    lifted = torch.einsum("dwe,nw->dne", model.feature_weights, features) @ model.prior_precision
    covariance = torch.linalg.inv(model.prior_precision + pulled.mT @ design)
    prior = (model.prior_precision @ model.prior_mean[..., None]).squeeze(-1)
    expected = (covariance @ prior[..., None]).squeeze(-1)
    influence = (pulled * target[..., None] + lifted) @ covariance
    rest = target[..., None] - design @ (expected + influence.sum(dim=1))[..., None]
    noise = (1 / noise_precision + 1 / model.effect_precision).where(model.noise_rate > 0, 0.0)
    effects = expected_effects(rest).mean(dim=0).squeeze(-1)
    return UserPosterior(model, expected, influence, covariance, noise, hours, effects)


def _noise_precision(model: Model, user: int | None) -> Float[Tensor, " draws"]:
    """α of each draw: 1 in a solver that does not know it, whose penalties are in units of it."""
    known = model.noise_rate > 0
    if user is None:
        return (NOISE_SHAPE / model.noise_rate).where(known, 1.0)
    return (1 / model.noise[:, user].float()).where(known, 1.0)


def _with_one(factors: Tensor) -> Tensor:
    """(q, 1) for each movie's factors: what a person's vector is multiplied with."""
    return torch.nn.functional.pad(factors.float(), (0, 1), value=1.0)
