"""Ratings as tensors: what `prepare` writes and every later stage reads."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages import tensors
from stages.kinds import outside

SIDE_INFORMATION = {"genres": Float[Tensor, "n_movies genres"], "period": Float[Tensor, "n_movies periods"]}
"""The tensors that tell of movies without any rating."""
HOURS = 1 << 24
"""Timestamps are within as many hours of 1970, until the year 3883: `user * HOURS + hour` is no overflow."""


@dataclass(frozen=True)
class Ratings:
    """Some of the ratings, as parallel tensors; indices count all users and movies of the dataset."""

    user: Int[Tensor, " n_ratings"]
    """Index of the user, from 0 to `n_users` - 1."""
    movie: Int[Tensor, " n_ratings"]
    """Index of the movie, from 0 to `n_movies` - 1."""
    rating: Float[Tensor, " n_ratings"]
    """Stars."""
    timestamp: Int[Tensor, " n_ratings"]
    """When it was given, in seconds since 1970."""
    n_users: int
    n_movies: int

    def __len__(self) -> int:
        return len(self.rating)

    def __getitem__(self, rows: Tensor | slice) -> "Ratings":
        """The ratings at `rows` (indices, a mask, or a slice)."""
        return self._with([column[rows] for column in self._columns()])

    def to(self, device: torch.device) -> "Ratings":
        """The same ratings on another device."""
        return self._with([column.to(device) for column in self._columns()])

    def _columns(self) -> list[Tensor]:
        return [self.user, self.movie, self.rating, self.timestamp]

    def _with(self, columns: list[Tensor]) -> "Ratings":
        user, movie, rating, timestamp = columns
        return Ratings(user, movie, rating, timestamp, self.n_users, self.n_movies)

    def sorted_by_user(self) -> "Ratings":
        """The same ratings, each user's together."""
        return self[torch.argsort(self.user, stable=True)]

    def scale(self) -> tuple[float, float]:
        """The lowest and the highest rating given, in stars."""
        return self.rating.min().item(), self.rating.max().item()

    def serialize(self) -> bytes:
        """The content of a file that `load` reads; the same bytes for the same ratings."""
        return tensors.serialize(vars(self))

    @classmethod
    def load(cls, path: Path) -> "Ratings":
        """Read a file of ratings; raises UserError when it is not one."""
        kinds = {field.name: field.type for field in fields(cls)}
        return cls(**tensors.load(path, kinds, "prepare", _problems))


def _problems(content: dict[str, Any]) -> Iterator[str]:
    yield from outside("user", content["user"], content["n_users"])
    yield from outside("movie", content["movie"], content["n_movies"])
    yield from outside("timestamp", content["timestamp"], HOURS * 3600)


def concatenate(first: Ratings, second: Ratings) -> Ratings:
    """All ratings of two parts of one dataset."""
    return first._with([torch.cat(pair) for pair in zip(first._columns(), second._columns(), strict=True)])
