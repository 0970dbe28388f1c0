"""Truncated SVD of a large matrix, given functions that multiply it with thin matrices."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad
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


def embed(
    user_factors: Float[Tensor, "draws n_users k"],
    movie_factors: Float[Tensor, "draws n_movies k"],
    rank: int,
    generator: torch.Generator,
) -> Float[Tensor, "n_movies rank"]:
    """The best numbers for each movie to rebuild how users' predictions differ from those of all users.

    By the leading singular vectors of p_uᵀ q_i, averaged over draws and centred over users (Eckart & Young
    1936). Factors themselves must not be averaged: each draw may be rotated. The distance of two rows is the
    root mean square, over users, of the difference in stars.
    """
    draws, n_users, _ = user_factors.shape
    centred = user_factors.float() - user_factors.float().mean(dim=1, keepdim=True)
    users = centred.transpose(0, 1).flatten(1) / draws
    movies = movie_factors.float().transpose(0, 1).flatten(1)
    _, singular, right = leading_singular_vectors(
        lambda thin: users @ (movies.T @ thin),
        lambda thin: movies @ (users.T @ thin),
        (n_users, len(movies)),
        rank,
        generator,
    )
    missing = rank - len(singular)  # above 0 with fewer users or movies than factors
    return pad(right * singular / n_users**0.5, (0, missing))
