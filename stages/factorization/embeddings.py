"""A point estimate of what kind of movie each is, from many draws of the factors.

Averaging factors over draws is meaningless, as each draw may be rotated; the average of their products
p_uᵀ q_i is not, and it is what the embeddings rebuild.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.randomized_svd import leading_singular_vectors


def embed(
    user_factors: Float[Tensor, "draws n_users k"],
    movie_factors: Float[Tensor, "draws n_movies k"],
    generator: torch.Generator,
) -> Float[Tensor, "n_movies k"]:
    """The best k numbers a movie to rebuild what the users' averaged predictions differ in.

    Their leading singular vectors are the closest factorization of rank k (Eckart & Young 1936). What all
    users share is taken out first: it is the movie's quality, not its kind. The distance of two rows is then
    the root mean square, over users, of the difference between the two movies, in stars.
    """
    draws, n_users, k = user_factors.shape
    tastes = user_factors.float() - user_factors.float().mean(dim=1, keepdim=True)
    users = tastes.transpose(0, 1).flatten(1) / draws
    movies = movie_factors.float().transpose(0, 1).flatten(1)
    _, singular, right = leading_singular_vectors(
        lambda thin: users @ (movies.T @ thin),
        lambda thin: movies @ (users.T @ thin),
        (n_users, len(movies)),
        k,
        generator,
    )
    missing = k - len(singular)  # fewer users or movies than factors
    return torch.nn.functional.pad(right * singular / n_users**0.5, (0, missing))
