"""Ratings arranged so that the normal equations of all users, or of all movies, are a few matrix products.

The rows of one side (users, say) that have about as many ratings are put into one block: their ratings'
columns (movies) fill a rectangle, padded to the longest row. Padding points to a partner of zeros, which adds
nothing to any sum. The padding is below `SLACK`, and no block is larger than `CELLS`, whatever the long tail.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.movielens.ratings import Ratings

SLACK = 1.25
"""Within a block, the longest row is at most so many times the shortest."""
CELLS = 1 << 18
"""Most cells of a block: bounds memory to a few times this many vectors."""


class Block(NamedTuple):
    """Some rows of one side, with the ratings of each."""

    row: Int[Tensor, " rows"]
    column: Int[Tensor, "rows width"]
    """The partner of each rating; `n_columns` where there is none."""
    rating: Int[Tensor, "rows width"]
    """Which rating it is; `n_ratings` where there is none."""


def of_both_sides(ratings: Ratings, device: torch.device) -> tuple[list[Block], list[Block]]:
    """The ratings by user, and by movie."""
    by_user = arrange(ratings.user, ratings.movie, ratings.n_users, ratings.n_movies)
    by_movie = arrange(ratings.movie, ratings.user, ratings.n_movies, ratings.n_users)
    on_device = (
        [Block(*(part.to(device) for part in block)) for block in side] for side in (by_user, by_movie)
    )
    users, movies = on_device
    return users, movies


def arrange(
    row: Int[Tensor, " n_ratings"], column: Int[Tensor, " n_ratings"], n_rows: int, n_columns: int
) -> list[Block]:
    """Blocks that hold every rating once, and every row once, those without a rating too."""
    n_ratings = len(row)
    count = torch.bincount(row, minlength=n_rows)
    by_row = torch.cat([torch.argsort(row, stable=True), torch.tensor([n_ratings])])
    first = count.cumsum(0) - count
    padded = torch.cat([column, torch.tensor([n_columns])])
    blocks = []
    for rows in _alike(count):
        place = torch.arange(int(count[rows].max()))
        rating = by_row[(first[rows, None] + place).clamp(max=n_ratings)]
        rating = rating.where(place < count[rows, None], n_ratings)
        blocks.append(Block(rows, padded[rating], rating))
    return blocks


def _alike(count: Int[Tensor, " n_rows"]) -> Iterator[Int[Tensor, " rows"]]:
    """Rows by number of ratings, cut where a block would be too uneven or too large."""
    order = torch.argsort(count, stable=True)
    ascending = count[order]
    start = 0
    while start < len(order):
        longest = int(SLACK * int(ascending[start]))
        stop = int(torch.searchsorted(ascending, longest, right=True))
        stop = min(stop, start + max(1, CELLS // max(1, longest)))
        yield order[start:stop]
        start = stop


def normal_equations(
    blocks: list[Block],
    partner: Float[Tensor, "n_columns entries"],
    target: Float[Tensor, " n_ratings"],
    weight: Float[Tensor, " n_ratings"] | None = None,
) -> tuple[Float[Tensor, "n_rows entries entries"], Float[Tensor, "n_rows entries"]]:
    """For each row, Σ w y yᵀ and Σ w y t over its ratings, with y the partner's vector and t the target."""
    n_rows, entries = sum(len(block.row) for block in blocks), partner.shape[1]
    partner = torch.cat([partner, partner.new_zeros(1, entries)])
    target = torch.cat([target, target.new_zeros(1)])
    gramian, moment = partner.new_empty(n_rows, entries, entries), partner.new_empty(n_rows, entries)
    if weight is not None:
        weight = torch.cat([weight, weight.new_zeros(1)])
    for row, column, rating in blocks:
        vectors = partner[column]
        weighted = vectors if weight is None else vectors * weight[rating][..., None]
        gramian[row] = weighted.mT @ vectors
        moment[row] = (weighted.mT @ target[rating][..., None]).squeeze(-1)
    return gramian, moment
