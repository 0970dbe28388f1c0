"""The normal equations of all users, or of all movies, at once.

A user's Gram matrix Σ w y yᵀ is a weighted sum of what is the same for everybody: the products of each
movie's vector with itself. So their lower triangle is computed once a movie, and summed over each user's
ratings as a bag of embeddings is: a few passes over the ratings, sorted by user. What is summed in a pass,
some products of some partners, stays in the processor's cache.
"""

import itertools
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

from stages.movielens.ratings import Ratings

PRODUCTS = 48
"""That are summed in one pass."""
TILE = 40_000
"""Partners whose products are summed in one pass."""
AT_ONCE = 8_192
"""Rows whose matrices are unpacked and solved at once: bounds memory."""
ROW_WORK = 256
"""What solving for a row costs beside its ratings, in ratings."""


class GroupedRatings(NamedTuple):
    """The ratings sorted by one side: by user, with movies as partners, or the other way round."""

    n_rows: int
    start: Int[Tensor, " tiles*n_rows"]
    """Where the ratings of each row begin, those of the first tile of partners first."""
    partner: Int[Tensor, " n_ratings"]
    """The partner of each rating, in that order."""
    rating: Int[Tensor, " n_ratings"]
    """Which rating it is."""

    def to(self, device: torch.device) -> "GroupedRatings":
        """The same on another device."""
        return GroupedRatings(
            self.n_rows, self.start.to(device), self.partner.to(device), self.rating.to(device)
        )


Share = tuple[int, int]
"""The first of some consecutive rows, and the one after the last."""


def of_both_sides(
    ratings: Ratings, device: torch.device, users: Share | None = None, movies: Share | None = None
) -> tuple[GroupedRatings, GroupedRatings]:
    """The ratings by user, and by movie: of all of them, or of some."""
    users, movies = users or (0, ratings.n_users), movies or (0, ratings.n_movies)
    by_user = arrange(ratings.user, ratings.movie, users, ratings.n_movies)
    by_movie = arrange(ratings.movie, ratings.user, movies, ratings.n_users)
    return by_user.to(device), by_movie.to(device)


def arrange(
    row: Int[Tensor, " n_ratings"], partner: Int[Tensor, " n_ratings"], rows: Share, n_partners: int
) -> GroupedRatings:
    """Sort ratings by row; a row without a rating begins where the next one does."""
    first, last = rows
    n_rows, n_tiles = last - first, max(1, -(-n_partners // TILE))
    own = torch.nonzero((row >= first) & (row < last)).flatten()
    row, partner = row[own] - first, partner[own]
    place = partner // TILE * n_rows + row
    count = torch.bincount(place, minlength=n_tiles * n_rows)
    order = torch.argsort(place, stable=True)
    return GroupedRatings(n_rows, count.cumsum(0) - count, partner[order], own[order])


def divide(n_ratings_of_row: Int[Tensor, " n_rows"], parts: int) -> list[Share]:
    """Consecutive rows for each part, so that all have about the same work."""
    work = (n_ratings_of_row + ROW_WORK).cumsum(0)
    wanted = torch.arange(1, parts) * int(work[-1]) / parts
    return list(itertools.pairwise([0, *torch.searchsorted(work, wanted.long()).tolist(), len(work)]))


def normal_equations(
    side: GroupedRatings,
    partner: Float[Tensor, "n_partners entries"],
    target: Float[Tensor, " n_ratings"],
    weight: Float[Tensor, " n_ratings"] | None = None,
) -> tuple[Float[Tensor, "n_rows triangle"], Float[Tensor, "n_rows entries"]]:
    """For each row, Σ w y yᵀ (to `unpack`) and Σ w y t over its ratings, y being the partner's vector.

    The targets t and the weights w are in the order of the side.
    """
    weights = torch.ones_like(target) if weight is None else weight
    pairs = torch.tril_indices(partner.shape[1], partner.shape[1], device=partner.device)
    triangle = partner.new_empty(side.n_rows, pairs.shape[1])
    for sums, (one, other) in zip(triangle.split(PRODUCTS, dim=1), pairs.split(PRODUCTS, dim=1), strict=True):
        sums[:] = weighted_sums(side, partner.index_select(1, one) * partner.index_select(1, other), weights)
    return triangle, weighted_sums(side, partner, weights * target)


def unpack(
    triangle: Float[Tensor, "n_rows triangle"], entries: int
) -> Float[Tensor, "n_rows entries entries"]:
    """The symmetric matrices of which these are the lower triangles, row after row."""
    first, second = torch.tril_indices(entries, entries, device=triangle.device)
    place = first.new_empty(entries, entries)
    place[first, second] = place[second, first] = torch.arange(len(first), device=triangle.device)
    whole: Tensor = triangle.index_select(1, place.flatten()).unflatten(1, (entries, entries))
    return whole


def weighted_sums(
    side: GroupedRatings, value: Float[Tensor, "n_partners width"], weight: Float[Tensor, " n_ratings"]
) -> Float[Tensor, "n_rows width"]:
    """Σ w v over the ratings of each row, with v the partner's value."""
    of_tiles = embedding_bag(
        side.partner, value.contiguous(), side.start, mode="sum", per_sample_weights=weight
    )
    n_tiles = len(side.start) // max(side.n_rows, 1)
    return of_tiles.view(n_tiles, side.n_rows, value.shape[1]).sum(dim=0)
