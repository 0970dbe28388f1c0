"""Ratings grouped by user or by movie, as in a CSR matrix, and fast sums over the ratings of each row."""

import itertools
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

from stages.movielens.ratings import Ratings

TILE = 40_000  # partners whose values are summed in one pass, so that they stay in the processor's cache
ROW_WORK = 256  # cost of solving for a row, in ratings


class GroupedRatings(NamedTuple):
    """The ratings of a range of users, with movies as partners, or of movies, with users as partners."""

    rows: range
    start: Int[Tensor, "tiles n_rows"]  # position of each row's first rating of a partner in this tile
    partner: Int[Tensor, " n_ratings"]
    rating: Int[Tensor, " n_ratings"]  # index of each rating before grouping

    def to(self, device: torch.device) -> "GroupedRatings":
        """The same ratings on another device."""
        return GroupedRatings(self.rows, *(column.to(device) for column in self[1:]))

    def weighted_sums(
        self, value: Float[Tensor, "n_partners width"], weight: Float[Tensor, " n_ratings"]
    ) -> Float[Tensor, "n_rows width"]:
        """Σ w v over the ratings of each row, with the partner's value v and a weight w of each rating."""
        start, value = self.start.flatten(), value.contiguous()
        sums = embedding_bag(self.partner, value, start, mode="sum", per_sample_weights=weight)
        of_tiles: Tensor = sums.unflatten(0, self.start.shape)
        return of_tiles.sum(dim=0)


def group(ratings: Ratings, by: Literal["user", "movie"], part: int = 0, parts: int = 1) -> GroupedRatings:
    """The ratings of all users or movies, or of one of several parts of them."""
    users, movies = (ratings.user, ratings.n_users), (ratings.movie, ratings.n_movies)
    (row, n_rows), (partner, n_partners) = (users, movies) if by == "user" else (movies, users)
    rows = divide(torch.bincount(row, minlength=n_rows), parts)[part]
    rating = torch.nonzero((row >= rows.start) & (row < rows.stop)).flatten()
    n_tiles = -(-n_partners // TILE)
    tile_and_row = partner[rating] // TILE * len(rows) + row[rating] - rows.start
    count = torch.bincount(tile_and_row, minlength=n_tiles * len(rows))
    start = (count.cumsum(0) - count).view(n_tiles, len(rows))
    rating = rating[torch.argsort(tile_and_row, stable=True)]
    return GroupedRatings(rows, start, partner[rating], rating)


def divide(n_ratings: Int[Tensor, " n_rows"], parts: int) -> list[range]:
    """Ranges of rows with about the same work, given the number of ratings of each row."""
    work = (n_ratings + ROW_WORK).cumsum(0)
    wanted = torch.arange(1, parts) * int(work[-1]) / parts
    bounds = [0, *torch.searchsorted(work, wanted.long()).tolist(), len(work)]
    return [range(first, last) for first, last in itertools.pairwise(bounds)]
