"""The model that every solver fits: a mean, biases, and factors of users and movies.

    r̂(u, i) = μ + b_u + c_i + p_uᵀ q_i

Koren, Bell & Volinsky 2009, "Matrix Factorization Techniques for Recommender Systems", equation 4.
"""

import io
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.command import UserError


@dataclass(frozen=True)
class Model:
    """Row `user` of the user tensors belongs to that user, row `movie` of the movie tensors to that movie."""

    mean: Float[Tensor, ""]
    """μ, in stars; 0 in a model without biases."""
    user_biases: Float[Tensor, " n_users"]
    """b, in stars above the mean."""
    movie_biases: Float[Tensor, " n_movies"]
    """c, in stars above the mean."""
    user_factors: Float[Tensor, "n_users latent_factors"]
    """p: how much the user likes what each factor stands for."""
    movie_factors: Float[Tensor, "n_movies latent_factors"]
    """q: how much of each factor the movie has."""

    def predict(
        self, user: Int[Tensor, " n_ratings"], movie: Int[Tensor, " n_ratings"]
    ) -> Float[Tensor, " n_ratings"]:
        """Predicted stars, not clipped to the scale of ratings."""
        affinity = (self.user_factors[user] * self.movie_factors[movie]).sum(dim=1)
        return self.mean + self.user_biases[user] + self.movie_biases[movie] + affinity

    def score(self, user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        """Predicted stars of every movie, by which movies are ranked for each of the users."""
        affinity = self.user_factors[user] @ self.movie_factors.T
        return self.mean + self.user_biases[user, None] + self.movie_biases + affinity

    def to(self, device: torch.device) -> "Model":
        """The same model on another device."""
        return Model(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})

    def serialize(self) -> bytes:
        """The content of a file that `load` reads; the same bytes for the same model."""
        buffer = io.BytesIO()
        tensors = {field.name: getattr(self, field.name).cpu().clone() for field in fields(self)}
        torch.save(tensors, buffer)
        return buffer.getvalue()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model file; nothing in it is executed, and shapes and finiteness are checked."""
        try:
            model = cls(**torch.load(path, weights_only=True))
            model._check()
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; run: dvc repro train") from None
        except Exception as error:
            raise UserError(f"{path} holds no model ({error}); run: dvc repro -f train") from error
        return model

    def _check(self) -> None:
        n_users, n_movies = len(self.user_biases), len(self.movie_biases)
        latent_factors = self.user_factors.shape[-1]
        shapes = {
            "mean": (),
            "user_biases": (n_users,),
            "movie_biases": (n_movies,),
            "user_factors": (n_users, latent_factors),
            "movie_factors": (n_movies, latent_factors),
        }
        for name, shape in shapes.items():
            tensor = getattr(self, name)
            if tensor.shape != shape:
                raise ValueError(f"{name} has shape {tuple(tensor.shape)} instead of {shape}")
            if not tensor.isfinite().all():
                raise ValueError(f"{name} has values that are not finite")
