"""Ratings grouped by user or by movie, as in a CSR matrix, and the normal equations of all rows at once.

The Gram matrix of a user is Σ w y yᵀ over the vectors y of the movies that they rated, and likewise for a
movie. The products y yᵀ are the same for every user: their lower triangle is computed once for each movie,
and a few products at a time are summed over the ratings of each user.
"""

import itertools
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

from stages.movielens.ratings import Ratings

TILE = 40_000  # partners whose values are summed in one pass, so that they stay in the processor's cache
PRODUCTS = 48  # summed in one pass, for the same reason
AT_ONCE = 8_192  # rows whose matrices are unpacked and solved at once: bounds memory
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

    def normal_equations(
        self,
        vectors: Float[Tensor, "n_partners entries"],
        target: Float[Tensor, " n_ratings"],
        weight: Float[Tensor, " n_ratings"],
    ) -> tuple[Float[Tensor, "n_rows triangle"], Float[Tensor, "n_rows entries"]]:
        """Σ w y yᵀ, as lower triangles, and Σ w y t over the ratings of each row; y is the partner's vector.

        The targets t and the weights w are in the order of the grouped ratings.
        """
        pairs = torch.tril_indices(vectors.shape[1], vectors.shape[1], device=vectors.device)
        triangle = vectors.new_empty(len(self.rows), pairs.shape[1])
        for sums, (i, j) in zip(triangle.split(PRODUCTS, dim=1), pairs.split(PRODUCTS, dim=1), strict=True):
            sums[:] = self.weighted_sums(vectors.index_select(1, i) * vectors.index_select(1, j), weight)
        return triangle, self.weighted_sums(vectors, weight * target)


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


def sum_by(
    index: Int[Tensor, " n_ratings"], value: Float[Tensor, " n_ratings"], n: int
) -> Float[Tensor, " n"]:
    """The sum of the values with each index from 0 to n - 1, added up in the same order each time."""
    if value.device.type == "cpu":
        return torch.bincount(index, value, n)
    return value.new_zeros(n).index_put_((index,), value, accumulate=True)  # bincount varies on a GPU


def solve(
    triangle: Float[Tensor, "n_rows triangle"],
    moment: Float[Tensor, "n_rows entries"],
    precision: Float[Tensor, "entries entries"],
    noise: Float[Tensor, "n_rows entries"],
) -> Float[Tensor, "n_rows entries"]:
    """L⁻ᵀ (L⁻¹ moment + noise) for each row, where L Lᵀ = P is its Gram matrix plus `precision`.

    This is P⁻¹ moment if the noise is 0, and a draw from N(P⁻¹ moment, P⁻¹) if it is standard normal.
    Raises `torch.linalg.LinAlgError` if P is singular.
    """
    solved = []
    for part, *columns in zip(*(each.split(AT_ONCE) for each in (triangle, moment, noise)), strict=True):
        right, z = (column[..., None] for column in columns)
        root = torch.linalg.cholesky(unpack(part, len(precision)) + precision)
        half = torch.linalg.solve_triangular(root, right, upper=False) + z
        solved.append(torch.linalg.solve_triangular(root.mT, half, upper=True).squeeze(-1))
    return torch.cat(solved)


def unpack(
    triangle: Float[Tensor, "n_rows triangle"], entries: int
) -> Float[Tensor, "n_rows entries entries"]:
    """Symmetric matrices from their lower triangles, stored row after row."""
    i, j = torch.tril_indices(entries, entries, device=triangle.device)
    place = i.new_empty(entries, entries)
    place[i, j] = place[j, i] = torch.arange(len(i), device=triangle.device)
    matrices: Tensor = triangle.index_select(1, place.flatten()).unflatten(1, (entries, entries))
    return matrices
