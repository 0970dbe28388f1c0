"""The normal equations of all users, or of all movies, at once.

The Gram matrix of a user is Σ w y yᵀ over the vectors y of the movies that they rated, and likewise for a
movie. The products y yᵀ are the same for every user: their lower triangle is computed once for each movie,
and a few products at a time are summed over the ratings of each user.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.grouped_ratings import GroupedRatings

PRODUCTS = 48  # summed in one pass, so that they stay in the processor's cache
AT_ONCE = 8_192  # rows whose matrices are unpacked and solved at once: bounds memory


def normal_equations(
    grouped: GroupedRatings,
    vectors: Float[Tensor, "n_partners entries"],
    target: Float[Tensor, " n_ratings"],
    weight: Float[Tensor, " n_ratings"],
) -> tuple[Float[Tensor, "n_rows triangle"], Float[Tensor, "n_rows entries"]]:
    """Σ w y yᵀ, as lower triangles, and Σ w y t over the ratings of each row, with the partner's vector y.

    The targets t and the weights w are in the order of the grouped ratings.
    """
    pairs = torch.tril_indices(vectors.shape[1], vectors.shape[1], device=vectors.device)
    triangle = vectors.new_empty(len(grouped.rows), pairs.shape[1])
    for sums, (i, j) in zip(triangle.split(PRODUCTS, dim=1), pairs.split(PRODUCTS, dim=1), strict=True):
        sums[:] = grouped.weighted_sums(vectors.index_select(1, i) * vectors.index_select(1, j), weight)
    return triangle, grouped.weighted_sums(vectors, weight * target)


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
