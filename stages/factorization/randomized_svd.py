"""Truncated SVD of a large matrix, given functions that multiply it with thin matrices."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

OVERSAMPLING = 10
POWER_ITERATIONS = 4

Product = Callable[[Tensor], Tensor]


def leading_singular_vectors(
    times: Product, transposed_times: Product, shape: tuple[int, int], rank: int, generator: torch.Generator
) -> tuple[Float[Tensor, "n_rows rank"], Float[Tensor, " rank"], Float[Tensor, "n_columns rank"]]:
    """U, S and V of the best approximation U diag(S) Vᵀ of this rank, or of full rank if that is less.

    `times` multiplies the matrix with one of shape (n_columns, width), `transposed_times` its transpose with
    one of shape (n_rows, width). Halko, Martinsson & Tropp 2011, algorithms 4.4 and 5.1.
    """
    n_rows, n_columns = shape
    width = min(rank + OVERSAMPLING, n_rows, n_columns)
    basis = torch.linalg.qr(times(torch.randn(n_columns, width, generator=generator))).Q
    for _ in tqdm(range(POWER_ITERATIONS), desc="SVD", delay=2):
        basis = torch.linalg.qr(times(torch.linalg.qr(transposed_times(basis)).Q)).Q
    right, singular, left = torch.linalg.svd(transposed_times(basis), full_matrices=False)
    return basis @ left.T[:, :rank], singular[:rank], right[:, :rank]
