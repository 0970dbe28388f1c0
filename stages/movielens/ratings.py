"""Ratings as tensors: what `prepare` writes and every later stage reads."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from stages.core.cli import UserError
from stages.core.files import check_index
from stages.core.tensors import TensorFile

MAX_MINUTES = 1 << 30  # since 1970, to the year 4011: later ones are invalid, so that `moment_of` fits int64
APART = 6 * 3600  # seconds without a rating that end a visit
LEAST_VISITS, MOST_HIDDEN = 3, 0.3  # visits of a user of whom one is hidden, and the share of their ratings
COLUMNS = "user movie rating timestamp".split()


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
        return replace(self, **{name: getattr(self, name)[rows] for name in COLUMNS})

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
    columns: Any = {name: torch.cat([getattr(first, name), getattr(second, name)]) for name in COLUMNS}
    return replace(first, **columns)


def views(ratings: Ratings) -> Ratings:
    """Who rated what: every rating is 1, in the order of users."""
    return replace(ratings, rating=torch.ones_like(ratings.rating)).sorted_by_user()


def moment_of(ratings: Ratings) -> Int[Tensor, " n_ratings"]:
    """The number of each rating's user and second, ascending by user and time; users are centuries apart."""
    return ratings.user * (60 * MAX_MINUTES) + ratings.timestamp


def hidden_visits(ratings: Ratings, seed: int) -> Bool[Tensor, " n_ratings"]:
    """Which ratings are of a hidden visit: one at random of each user who has enough visits.

    A visit ends with a gap of `APART`. The hidden one has at most `MOST_HIDDEN` of the user's ratings.
    """
    generator = torch.Generator().manual_seed(seed)
    moment, order = moment_of(ratings).sort(stable=True)
    visit = torch.empty_like(order)
    visit[order] = pad((moment.diff() > APART).cumsum(0), (1, 0))
    size, n_ratings = torch.bincount(visit), torch.bincount(ratings.user, minlength=ratings.n_users)
    user = torch.empty_like(size).scatter_(0, visit, ratings.user)
    may = (torch.bincount(user, minlength=ratings.n_users) >= LEAST_VISITS)[user]
    may &= size <= MOST_HIDDEN * n_ratings[user]
    rank = torch.randperm(len(size), generator=generator).where(may, -1)
    best = torch.full((ratings.n_users,), -1).scatter_reduce(0, user, rank, "amax")
    return (may & (rank == best[user]))[visit]
