"""EASE: who will rate what, from who rated what. The chance of being seen, and a baseline for ranking.

    min over B with a diagonal of 0:  ‖X - X B‖² + λ ‖B‖²,    X[u, i] = 1 where u rated i

is solved by X B = X - X P diag(1 / diag P) with P = (XᵀX + λI)⁻¹. Steck 2019, "Embarrassingly Shallow
Autoencoders for Sparse Data", equation 8. With fewer users than movies X P = (XXᵀ + λI)⁻¹ X costs less, and
λ diag P = 1 - diag(Xᵀ X P) (Woodbury's identity).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.measures import BLOCK, Score
from stages.movielens.ratings import Ratings

LARGEST = 10_000
"""Order of the largest matrix that is inverted. With more users than this, only so many of the most rated
movies are told apart, and all others score 0."""


def fit(train: Ratings, penalty: float) -> Score:
    """About 0 to 1: how likely each of the users of `train` is to rate each movie."""
    by_count = torch.bincount(train.movie, minlength=train.n_movies).argsort(descending=True, stable=True)
    movies = by_count if train.n_users <= LARGEST else by_count[:LARGEST]
    column = torch.full((train.n_movies,), -1).index_put((movies,), torch.arange(len(movies)))[train.movie]
    place = torch.stack([train.user, column])[:, column >= 0]
    shape = (train.n_users, len(movies))
    rated = torch.sparse_coo_tensor(
        place, torch.ones(place.shape[1]), shape, check_invariants=True
    ).coalesce()
    dual = train.n_users <= len(movies)
    if dual:
        whole = rated.to_dense()
        root = _root(whole @ whole.T, penalty)
        projection = torch.cholesky_solve(whole, root)  # X P
        diagonal = (1 - (whole * projection).sum(dim=0)) / penalty
    else:
        blocks = (rated.index_select(0, user).to_dense() for user in torch.arange(len(rated)).split(BLOCK))
        root = _root(sum((block.T @ block for block in blocks), torch.zeros(())), penalty)
        projection = torch.cholesky_inverse(root)  # P
        diagonal = projection.diagonal()

    def score(user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        own = rated.index_select(0, user).to_dense()
        projected = projection[user] if dual else own @ projection
        scores = torch.zeros(len(user), train.n_movies)
        scores[:, movies] = own - projected / diagonal
        return scores

    return score


def _root(gramian: Float[Tensor, "order order"], penalty: float) -> Float[Tensor, "order order"]:
    """The Cholesky factor of the Gram matrix plus λI."""
    root: Tensor = torch.linalg.cholesky(gramian + penalty * torch.eye(len(gramian)))
    return root
