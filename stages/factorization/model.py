"""The model that every solver fits: a mean, biases, and factors of users and movies.

    r̂(u, i) = μ + b_u + c_i + p_uᵀ q_i

Koren, Bell & Volinsky 2009, "Matrix Factorization Techniques for Recommender Systems", equation 4. A Bayesian
solver gives many draws of all of these: predictions are averages over the draws, and their spread says how
sure they are. (Averages of the factors themselves would mean nothing: every rotation of a draw is as likely.)
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages import tensors
from stages.command import UserError
from stages.movielens.ratings import Ratings

HOURS = 1 << 24
"""More than the hours since 1970: `user * HOURS + hour` names a user's sitting."""


@dataclass(frozen=True)
class Model:
    """One or more draws; row `user` of a draw belongs to that user, row `movie` to that movie."""

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
    sitting: Int[Tensor, " n_sittings"]
    """Which users' hours have an effect, as `user * HOURS + hour`, ascending."""
    sitting_effects: Float[Tensor, "draws n_sittings"]
    """Stars above the user's own level within that hour; 0 in every other hour."""
    embeddings: Float[Tensor, "n_movies latent_factors"]
    """A point estimate of what kind of movie each is; only distances and directions mean anything."""

    @property
    def draws(self) -> int:
        """How many draws there are: 1 unless the solver is Bayesian."""
        return len(self.user_biases)

    def predict(self, ratings: Ratings) -> Float[Tensor, " n_ratings"]:
        """Predicted stars of these users for these movies at these times, not clipped to the scale."""
        return self.predict_distribution(ratings)[0]

    def predict_distribution(
        self, ratings: Ratings
    ) -> tuple[Float[Tensor, " n_ratings"], Float[Tensor, " n_ratings"]]:
        """Mean and standard deviation, in stars, of what each rating may be.

        By the law of total variance: the spread of the draws' predictions, and the mean of their noise.
        """
        user, movie, effect_row = ratings.user, ratings.movie, self._sitting_row(ratings)
        total, squares, noise = (torch.zeros(len(ratings), device=user.device) for _ in range(3))
        for draw in range(self.draws):
            affinity = self.user_factors[draw].float()[user] * self.movie_factors[draw].float()[movie]
            effect = torch.nn.functional.pad(self.sitting_effects[draw].float(), (0, 1))[effect_row]
            level = self.user_biases[draw].float()[user] + self.movie_biases[draw].float()[movie]
            deviation_from_mean = level + affinity.sum(dim=1) + effect
            total += deviation_from_mean
            squares += deviation_from_mean.square()
            noise += self.noise[draw].float()[user]
        average = total / self.draws
        spread = (squares / self.draws - average.square()).clamp(min=0)
        return self.mean + average, (spread + noise / self.draws).sqrt()

    def score(self, user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        """Predicted stars of every movie for each of the users, at no particular time."""
        factors = self.user_factors[:, user].float().transpose(0, 1).flatten(1)
        partners = self.movie_factors.float().transpose(0, 1).flatten(1)
        level = self.user_biases.float().mean(0)[user, None] + self.movie_biases.float().mean(0)
        return self.mean + level + factors @ partners.T / self.draws

    def _sitting_row(self, ratings: Ratings) -> Int[Tensor, " n_ratings"]:
        """The row of each rating's sitting, `n_sittings` where it has none."""
        wanted = sitting_of(ratings)
        row = torch.searchsorted(self.sitting, wanted)
        known = torch.nn.functional.pad(self.sitting, (0, 1), value=-1)[row] == wanted
        return row.where(known, len(self.sitting))

    def to(self, device: torch.device) -> "Model":
        """The same model on another device."""
        return Model(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})

    def serialize(self) -> bytes:
        """The content of a file that `load` reads; the same bytes for the same model."""
        return tensors.serialize(vars(self))

    @classmethod
    def load(cls, path: Path) -> "Model":
        """Read a model file; raises UserError when a tensor is missing, misshapen or not finite."""
        names = {field.name for field in fields(cls)}
        content = tensors.load(path, names, made_by="train")
        for problem in _problems(content):
            raise UserError(f"{path} holds no model: {problem}; make it with: dvc repro -f train")
        return cls(**content)


def single(
    mean: Float[Tensor, ""],
    user_biases: Float[Tensor, " n_users"],
    movie_biases: Float[Tensor, " n_movies"],
    user_factors: Float[Tensor, "n_users latent_factors"],
    movie_factors: Float[Tensor, "n_movies latent_factors"],
) -> Model:
    """A model of one draw: the point estimate of a solver that is not Bayesian."""
    return Model(
        mean=mean,
        user_biases=user_biases[None],
        movie_biases=movie_biases[None],
        user_factors=user_factors[None],
        movie_factors=movie_factors[None],
        noise=torch.zeros_like(user_biases)[None],
        sitting=torch.zeros(0, dtype=torch.int64, device=user_biases.device),
        sitting_effects=user_biases.new_zeros(1, 0),
        embeddings=movie_factors,
    )


def sitting_of(ratings: Ratings) -> Int[Tensor, " n_ratings"]:
    """The user and the hour of each rating, in one number."""
    return ratings.user * HOURS + ratings.timestamp // 3600


def _problems(content: dict[str, Tensor]) -> Iterator[str]:
    draws, n_users, latent_factors = content["user_factors"].shape
    n_movies, n_sittings = content["movie_biases"].shape[-1], len(content["sitting"])
    shapes = {
        "mean": (),
        "user_biases": (draws, n_users),
        "movie_biases": (draws, n_movies),
        "user_factors": (draws, n_users, latent_factors),
        "movie_factors": (draws, n_movies, latent_factors),
        "noise": (draws, n_users),
        "sitting": (n_sittings,),
        "sitting_effects": (draws, n_sittings),
        "embeddings": (n_movies, latent_factors),
    }
    for name, shape in shapes.items():
        if content[name].shape != shape:
            yield f"{name} has shape {tuple(content[name].shape)} instead of {shape}"
        if not content[name].isfinite().all():
            yield f"{name} has values that are not finite"
