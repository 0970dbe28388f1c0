"""Embeddings of movies: a point estimate from many draws of the factors.

Averages of factors over draws are meaningless, because each draw may be rotated. Averages of the products
p_uᵀ q_i are not, and the embeddings are the best approximation of these.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from stages.factorization.randomized_svd import leading_singular_vectors


def embed(
    user_factors: Float[Tensor, "draws n_users k"],
    movie_factors: Float[Tensor, "draws n_movies k"],
    generator: torch.Generator,
) -> Float[Tensor, "n_movies k"]:
    """The best k numbers for each movie to rebuild how users' predictions differ from those of all users.

    By the leading singular vectors of p_uᵀ q_i, averaged over draws and centred over users (Eckart & Young
    1936). The distance of two rows is the root mean square, over users, of the difference in stars.
    """
    draws, n_users, k = user_factors.shape
    centred = user_factors.float() - user_factors.float().mean(dim=1, keepdim=True)
    users = centred.transpose(0, 1).flatten(1) / draws
    movies = movie_factors.float().transpose(0, 1).flatten(1)
    _, singular, right = leading_singular_vectors(
        lambda thin: users @ (movies.T @ thin),
        lambda thin: movies @ (users.T @ thin),
        (n_users, len(movies)),
        k,
        generator,
    )
    return pad(right * singular / n_users**0.5, (0, k - len(singular)))  # fewer users or movies than factors
