"""Ratings as tensors: what `prepare` writes and every later stage reads."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.command import UserError


@dataclass(frozen=True)
class Ratings:
    """Some of the ratings, as parallel tensors; indices count all users and movies of the dataset."""

    user: Int[Tensor, " n_ratings"]
    """Index of the user, from 0 to `n_users` - 1."""
    movie: Int[Tensor, " n_ratings"]
    """Index of the movie, from 0 to `n_movies` - 1."""
    rating: Float[Tensor, " n_ratings"]
    """Stars."""
    n_users: int
    n_movies: int

    def __len__(self) -> int:
        return len(self.rating)

    def __getitem__(self, rows: Tensor) -> "Ratings":
        """The ratings at `rows` (indices, or a mask)."""
        return Ratings(self.user[rows], self.movie[rows], self.rating[rows], self.n_users, self.n_movies)

    def to(self, device: torch.device) -> "Ratings":
        """The same ratings on another device."""
        user, movie, rating = self.user.to(device), self.movie.to(device), self.rating.to(device)
        return Ratings(user, movie, rating, self.n_users, self.n_movies)

    def sorted_by_user(self) -> "Ratings":
        """The same ratings, each user's together."""
        return self[torch.argsort(self.user, stable=True)]

    def scale(self) -> tuple[float, float]:
        """The lowest and the highest rating given, in stars."""
        return self.rating.min().item(), self.rating.max().item()

    def serialize(self) -> bytes:
        """The content of a file that `load` reads; the same bytes for the same ratings."""
        buffer = io.BytesIO()
        torch.save(vars(self), buffer)
        return buffer.getvalue()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file of ratings; nothing in it is executed."""
        try:
            return cls(**torch.load(path, weights_only=True))
        except Exception as error:
            raise UserError(f"{path} holds no ratings ({error}); run: dvc repro prepare") from error


def concatenate(*parts: Ratings) -> Ratings:
    """All ratings of several parts of one dataset."""
    user, movie, rating = (
        torch.cat(columns)
        for columns in zip(*((part.user, part.movie, part.rating) for part in parts), strict=True)
    )
    return Ratings(user, movie, rating, parts[0].n_users, parts[0].n_movies)
