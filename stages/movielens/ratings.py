"""Ratings as tensors: what `prepare` writes and every later stage reads."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.core.cli import UserError
from stages.core.files import check_index
from stages.core.tensors import TensorFile

MAX_MINUTES = 1 << 30  # since 1970, to the year 4011: later ones are invalid, so that `moment_of` fits int64


@dataclass(frozen=True)
class Ratings(TensorFile):
    """Some of the ratings, as parallel tensors; `n_users` and `n_movies` count those of the whole dataset."""

    written_by: ClassVar[str] = "prepare"
    user: Int[Tensor, " n_ratings"]  # index from 0 to n_users - 1
    movie: Int[Tensor, " n_ratings"]  # index from 0 to n_movies - 1
    rating: Float[Tensor, " n_ratings"]  # stars
    timestamp: Int[Tensor, " n_ratings"]  # seconds since 1970
    n_users: int
    n_movies: int

    def __len__(self) -> int:
        return len(self.rating)

    def __getitem__(self, rows: Tensor | slice) -> "Ratings":
        """The ratings at `rows` (indices, a mask, or a slice)."""
        return self._map(lambda column: column[rows])

    def _map(self, change: Callable[[Tensor], Tensor]) -> "Ratings":
        user, movie, rating, timestamp = map(change, (self.user, self.movie, self.rating, self.timestamp))
        return Ratings(user, movie, rating, timestamp, self.n_users, self.n_movies)

    def sorted_by_user(self) -> "Ratings":
        """The same ratings in the order of users."""
        return self[torch.argsort(self.user, stable=True)]

    def scale(self) -> tuple[float, float]:
        """The lowest and the highest rating given, in stars."""
        return self.rating.min().item(), self.rating.max().item()

    def validate(self) -> None:
        """Raise ValueError if an index or a timestamp is out of range."""
        check_index("user", self.user, self.n_users)
        check_index("movie", self.movie, self.n_movies)
        check_index("timestamp", self.timestamp, MAX_MINUTES * 60)


@dataclass(frozen=True)
class SideInformation(TensorFile):
    """What is known of each movie besides its ratings: rows of length 1, or zeros where nothing is known."""

    written_by: ClassVar[str] = "prepare"
    genres: Float[Tensor, "n_movies genres"]  # 1/√n in the columns of a movie's n genres
    period: Float[Tensor, "n_movies periods"]  # 1 in the column of the five years in which it was released


def concatenate(first: Ratings, second: Ratings) -> Ratings:
    """All ratings of two parts of one dataset; raises UserError if they are of two."""
    if (first.n_users, first.n_movies) != (second.n_users, second.n_movies):
        files = "train.pt, validation.pt and test.pt"
        raise UserError(f"{files} belong to different data; run: dvc repro -f prepare")
    others = iter((second.user, second.movie, second.rating, second.timestamp))
    return first._map(lambda column: torch.cat([column, next(others)]))


def views(ratings: Ratings) -> Ratings:
    """Who rated what: every rating is 1, in the order of users."""
    return replace(ratings, rating=torch.ones_like(ratings.rating)).sorted_by_user()


def moment_of(ratings: Ratings) -> Int[Tensor, " n_ratings"]:
    """The number of each rating's user and second, ascending by user and time; users are centuries apart."""
    return ratings.user * (60 * MAX_MINUTES) + ratings.timestamp
