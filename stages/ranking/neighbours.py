"""Item k-nearest-neighbours on top of biases.

    r̂(u, i) = b(u, i) + Σ_j s(i, j) (r(u, j) - b(u, j)) / Σ_j s(i, j)

over the K movies j rated by u with the largest positive similarity s to i: the correlation of both movies'
residuals r - b over the n users that rated both, times (n - 1) / (n - 1 + shrinkage). Koren 2010, "Factor in
the Neighbors", section 2.2; the same as Surprise's KNNBaseline with pearson_baseline.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.model import Model
from stages.movielens.ratings import Ratings

K = 40
SHRINKAGE = 100
MAX_CELLS = 2 * 10**8
"""Cells of the largest matrix that is held in memory."""


def fits_in_memory(train: Ratings) -> bool:
    """Whether similarities and predictions have at most `MAX_CELLS` cells."""
    return max(train.n_movies, train.n_users) * train.n_movies <= MAX_CELLS


def predict_all(train: Ratings, biases: Model) -> Float[Tensor, "n_users n_movies"]:
    """Predicted stars of every movie for every user: the biases alone where a movie has no neighbour."""
    movies = torch.nonzero(torch.bincount(train.movie, minlength=train.n_movies) > 1).flatten()
    residual, rated = torch.zeros(2, train.n_users, train.n_movies)
    residual[train.user, train.movie] = train.rating - biases.predict(train)
    rated[train.user, train.movie] = 1
    residual, rated = residual[:, movies], rated[:, movies]
    similarity = similarities(residual, rated).clamp_(min=0)
    total, weight = residual @ similarity, rated @ similarity
    has_more = rated @ (similarity > 0).float() > K  # elsewhere, all neighbours are among the K nearest
    for user in has_more.any(dim=1).nonzero().flatten().tolist():
        own, affected = rated[user].nonzero().flatten(), has_more[user].nonzero().flatten()
        nearest = similarity.index_select(0, own).T.index_select(0, affected).topk(K, sorted=False)
        total[user, affected] = (nearest.values * residual[user, own][nearest.indices]).sum(dim=1)
        weight[user, affected] = nearest.values.sum(dim=1)
    predicted = biases.score(torch.arange(train.n_users))
    predicted[:, movies] += total / weight.clamp(min=1e-9)
    return predicted


def similarities(
    residual: Float[Tensor, "n_users movies"], rated: Float[Tensor, "n_users movies"]
) -> Float[Tensor, "movies movies"]:
    """Shrunken correlations of residuals over the users that rated (1) both movies."""
    common = rated.T @ rated
    squares = residual.square().T @ rated  # [i, j]: Σ of i's squares over the users that also rated j
    scale = (squares * squares.T).sqrt_().clamp_(min=1e-9)
    shrinkage = (common - 1).clamp_(min=0)
    shrinkage /= shrinkage + SHRINKAGE
    return (residual.T @ residual).div_(scale).mul_(shrinkage)
