"""The model that every solver fits: a mean, biases, and factors of users and movies.

    r̂(u, i) = μ + b_u + c_i + p_uᵀ q_i

Koren, Bell & Volinsky 2009, "Matrix Factorization Techniques for Recommender Systems", equation 4. A Bayesian
solver gives many draws of all of these: predictions are averages over the draws, and their spread says how
sure they are. (Averages of the factors themselves would mean nothing: every rotation of a draw is as likely.)
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.core.files import check_index, typed
from stages.core.tensors import TensorFile, named_fields
from stages.movielens.ratings import HOURS, Ratings

NOISE_SHAPE = 4.0
"""Of the gamma distribution of the users' noise precisions: about ±50 % between users."""
NO_EFFECT = 1e12
"""Precision of the effects of hours where there are none."""
LEAST_PENALTY = 1e-6
"""Of a new user's entries, so that they are determined by however few ratings."""
FIXED = 1e9
"""Precision of an entry that is 0 in everybody."""
BLOCK = 2**20
"""Ratings predicted at once: bounds memory."""


@typed
@dataclass(frozen=True)
class Model(TensorFile):
    """One or more draws; row `user` of a draw belongs to that user, row `movie` to that movie."""

    written_by: ClassVar[str] = "train"
    mean: Float[Tensor, ""]
    """μ, in stars; 0 in a model without biases."""
    user_biases: Float[Tensor, "draws n_users"]
    """b, in stars above the mean."""
    movie_biases: Float[Tensor, "draws n_movies"]
    """c, in stars above the mean."""
    user_factors: Float[Tensor, "draws n_users latent_factors"]
    """p: how much the user likes what each factor stands for."""
    movie_factors: Float[Tensor, "draws n_movies latent_factors"]
    """q: how much of each factor the movie has."""
    noise: Float[Tensor, "draws n_users"]
    """Variance of a user's ratings around the prediction, in stars²; 0 where the solver does not know it."""
    session: Int[Tensor, " n_sessions"]
    """Which users' hours have an effect, as `user * HOURS + hour`, ascending."""
    session_effects: Float[Tensor, "draws n_sessions"]
    """Stars above the user's own level within that hour; 0 in every other hour."""
    prior_mean: Float[Tensor, "draws entries"]
    """m: what is expected of a new user's factors and, as the last entry, of their bias."""
    prior_precision: Float[Tensor, "draws entries entries"]
    """Λ: how sure that is."""
    feature_weights: Float[Tensor, "draws width entries"]
    """B: what follows from which movies they rated,"""
    feature_basis: Float[Tensor, "n_movies width"]
    """V: summed up by the mean of the rows of these movies, times the square root of their number."""
    noise_rate: Float[Tensor, " draws"]
    """Rate of the gamma distribution of users' noise precisions, in stars²; 0 if they are 1 by definition."""
    effect_precision: Float[Tensor, " draws"]
    """1 / the variance of the effects of hours, in stars⁻²."""
    embeddings: Float[Tensor, "n_movies latent_factors"]
    """A point estimate of what kind of movie each is; only distances and directions mean anything."""

    @property
    def draws(self) -> int:
        """How many draws there are: 1 unless the solver is Bayesian."""
        return len(self.user_biases)

    @property
    def n_users(self) -> int:
        """How many users the model was trained with."""
        return self.user_biases.shape[1]

    def predict(self, ratings: Ratings) -> Float[Tensor, " n_ratings"]:
        """Predicted stars of these users for these movies at these times, not clipped to the scale."""
        return self.predict_distribution(ratings)[0]

    def predict_distribution(
        self, ratings: Ratings
    ) -> tuple[Float[Tensor, " n_ratings"], Float[Tensor, " n_ratings"]]:
        """Mean and standard deviation, in stars, of what each rating may be.

        By the law of total variance: the spread of the draws' predictions, and the mean of their noise.
        """
        starts = range(0, max(len(ratings), 1), BLOCK)
        means, deviations = zip(*(self._predict(ratings[at : at + BLOCK]) for at in starts), strict=True)
        return torch.cat(means), torch.cat(deviations)

    def _predict(self, ratings: Ratings) -> tuple[Float[Tensor, " n_ratings"], Float[Tensor, " n_ratings"]]:
        user, movie, effect_row = ratings.user, ratings.movie, self._session_row(ratings)
        total, squares, noise = (torch.zeros(len(ratings), device=user.device) for _ in range(3))
        for draw in range(self.draws):
            affinity = self.user_factors[draw, user].float() * self.movie_factors[draw, movie].float()
            effect = torch.nn.functional.pad(self.session_effects[draw], (0, 1))[effect_row].float()
            level = self.user_biases[draw, user].float() + self.movie_biases[draw, movie].float()
            deviation_from_mean = level + affinity.sum(dim=1) + effect
            total += deviation_from_mean
            squares += deviation_from_mean.square()
            noise += self.noise[draw, user].float()
        average = total / self.draws
        spread = (squares / self.draws - average.square()).clamp(min=0)
        return self.mean + average, (spread + noise / self.draws).sqrt()

    def stars(self, vectors: Float[Tensor, "people draws entries"]) -> Float[Tensor, "people n_movies"]:
        """Predicted stars of every movie for people of these factors and, last, biases, at no set time."""
        total = self.movie_biases.float().sum(dim=0).repeat(len(vectors), 1)
        for draw in range(self.draws):
            total.addmm_(vectors[:, draw, :-1], self.movie_factors[draw].float().T)
        return self.mean + vectors[:, :, -1].mean(dim=1, keepdim=True) + total / self.draws

    def score(self, user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        """Predicted stars of every movie for each of the users, at no set time."""
        vectors = torch.cat([self.user_factors[:, user], self.user_biases[:, user, None]], dim=2)
        return self.stars(vectors.float().transpose(0, 1))

    def expected_of_everybody(self) -> tuple[Float[Tensor, " n_movies"], Float[Tensor, " n_movies"]]:
        """Stars that all users would give each movie on average, and their standard deviation over draws."""
        user_bias, user = self.user_biases.float().mean(dim=1), self.user_factors.float().mean(dim=1)
        level = user_bias[:, None] + self.movie_biases.float()
        level = level + torch.einsum("dk,dmk->dm", user, self.movie_factors.float())
        return self.mean + level.mean(dim=0), level.std(dim=0, correction=0)

    def _session_row(self, ratings: Ratings) -> Int[Tensor, " n_ratings"]:
        """The row of each rating's session, `n_sessions` where it has none."""
        wanted = session_of(ratings)
        row = torch.searchsorted(self.session, wanted)
        known = torch.nn.functional.pad(self.session, (0, 1), value=-1)[row] == wanted
        return row.where(known, len(self.session))

    def normal(self) -> "Model":
        """The same model of plain tensors, where they were made for inference alone."""
        return Model(**{name: value.clone() for name, value in named_fields(self).items()})

    def to(self, device: torch.device) -> "Model":
        """The same model on another device."""
        return Model(**{name: value.to(device) for name, value in named_fields(self).items()})

    def validate(self) -> None:
        """Raise ValueError where shapes, sessions or variances contradict each other."""
        draws, n_users, latent_factors = self.user_factors.shape
        if not draws:
            raise ValueError("it contains no draw")
        if self.prior_mean.shape[1] != latent_factors + 1:
            raise ValueError(
                f"prior_mean has {self.prior_mean.shape[1]} entries, expected {latent_factors + 1}"
            )
        check_index("session", self.session, n_users * HOURS)
        if (self.session.diff() <= 0).any():
            raise ValueError("session is not in ascending order")
        if (self.noise < 0).any():
            raise ValueError("noise has negative values")


def single(
    mean: Float[Tensor, ""],
    user_biases: Float[Tensor, " n_users"],
    movie_biases: Float[Tensor, " n_movies"],
    user_factors: Float[Tensor, "n_users latent_factors"],
    movie_factors: Float[Tensor, "n_movies latent_factors"],
    penalties: tuple[float, float] = (FIXED, FIXED),
) -> Model:
    """A model of one draw: the point estimate of a solver that is not Bayesian.

    `penalties` are those of its objective on factors and biases, which say the same as a normal prior.
    """
    k, device = movie_factors.shape[1], movie_factors.device
    one = torch.ones(1, device=device)
    return Model(
        mean=mean,
        user_biases=user_biases[None],
        movie_biases=movie_biases[None],
        user_factors=user_factors[None],
        movie_factors=movie_factors[None],
        noise=torch.zeros_like(user_biases)[None],
        session=torch.zeros(0, dtype=torch.int64, device=device),
        session_effects=user_biases.new_zeros(1, 0),
        prior_mean=torch.zeros(1, k + 1, device=device),
        prior_precision=torch.tensor([penalties[0]] * k + [penalties[1]], device=device).diag()[None],
        feature_weights=torch.zeros(1, 0, k + 1, device=device),
        feature_basis=torch.zeros(len(movie_factors), 0, device=device),
        noise_rate=0 * one,
        effect_precision=NO_EFFECT * one,
        embeddings=movie_factors,
    )


def session_of(ratings: Ratings) -> Int[Tensor, " n_ratings"]:
    """The user and the hour of each rating, in one number."""
    return ratings.user * HOURS + hour_of(ratings.timestamp)


def hour_of(timestamp: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
    """Hours since 1970, of seconds since 1970."""
    return timestamp // 3600
