"""Item k-nearest-neighbours on top of the biases: the best of the widely used libraries' rating predictors.

    r̂(u, i) = b(u, i) + Σ_j s(i, j) (r(u, j) - b(u, j)) / Σ_j s(i, j)

over the K movies j that u rated with the largest positive similarity to i: the correlation of what is left of
both movies' ratings after the biases b, over the users that rated both, shrunken by their number. With a
single such user there is none, so that movies of one rating are left to their biases. Koren 2010,
"Factor in the Neighbors", section 2.2; the same as Surprise's KNNBaseline with its pearson_baseline.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.model import Model
from stages.movielens.ratings import Ratings

K = 40
SHRINKAGE = 100
"""Common users at which a correlation counts half."""
MOST_CELLS = 2 * 10**8
"""Movies squared beyond which the matrix of similarities is not held in memory."""


def fits_in_memory(train: Ratings) -> bool:
    """Whether all similarities can be held."""
    return max(train.n_movies, train.n_users) * train.n_movies <= MOST_CELLS


def predict_all(train: Ratings, biases: Model) -> Float[Tensor, "n_users n_movies"]:
    """Predicted stars of every movie for every user: the biases, where a movie has no neighbour."""
    comparable = torch.nonzero(torch.bincount(train.movie, minlength=train.n_movies) > 1).flatten()
    rest = torch.zeros(train.n_users, train.n_movies)
    rest[train.user, train.movie] = train.rating - biases.predict(train)
    rated = torch.zeros(train.n_users, train.n_movies)
    rated[train.user, train.movie] = 1
    rest, rated = rest[:, comparable], rated[:, comparable]
    similarity = similarities(rest, rated).clamp_(min=0)
    pull, weight = rest @ similarity, rated @ similarity
    crowded = rated @ (similarity > 0).float() > K  # elsewhere, all neighbours are among the nearest
    for user in crowded.any(dim=1).nonzero().flatten().tolist():
        own, movies = rated[user].nonzero().flatten(), crowded[user].nonzero().flatten()
        nearest = similarity.index_select(0, own).T.index_select(0, movies).topk(K, dim=1, sorted=False)
        pull[user, movies] = (nearest.values * rest[user, own][nearest.indices]).sum(dim=1)
        weight[user, movies] = nearest.values.sum(dim=1)
    predicted = biases.score(torch.arange(train.n_users))
    predicted[:, comparable] += pull / weight.clamp(min=1e-9)
    return predicted


def similarities(
    rest: Float[Tensor, "n_users movies"], rated: Float[Tensor, "n_users movies"]
) -> Float[Tensor, "movies movies"]:
    """Shrunken correlations of what the biases leave, over the users that rated (1) both movies."""
    common = rated.T @ rated
    squares = rest.square().T @ rated  # [i, j]: Σ of i's squares over the users that also rated j
    scale = (squares * squares.T).sqrt_().clamp_(min=1e-9)
    shrinkage = (common - 1).clamp_(min=0)
    shrinkage /= shrinkage + SHRINKAGE
    return (rest.T @ rest).div_(scale).mul_(shrinkage)
