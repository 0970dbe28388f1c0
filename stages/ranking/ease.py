"""EASE: who will rate what, from who rated what. The chance of being seen, and a baseline for ranking.

    min over B with a diagonal of 0:  ‖X - X B‖² + λ ‖B‖²,    X[u, i] = 1 where u rated i

is solved by x B = x - x P diag(1 / diag P) for every row x, of X or of somebody new, with P = (XᵀX + λI)⁻¹.
Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", equation 8. With fewer users than movies,
P = (I - Xᵀ (XXᵀ + λI)⁻¹ X) / λ costs less (Woodbury's identity).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.core.files import check_index, typed
from stages.core.tensors import TensorFile
from stages.movielens.ratings import Ratings
from stages.ranking.metrics import BLOCK

LARGEST = 10_000
"""Order of the largest matrix that is inverted. With more users than this, only so many of the most rated
movies are told apart, and all others score 0."""


@typed
@dataclass(frozen=True)
class Ease(TensorFile):
    """P, whole or by its factors, for the movies that are told apart."""

    written_by: ClassVar[str] = "baselines"
    movies: Int[Tensor, " columns"]
    """Which movies these are."""
    n_movies: int
    penalty: float
    diagonal: Float[Tensor, " columns"]
    """Of P."""
    left: Float[Tensor, "columns inner"]
    """Xᵀ, or P."""
    right: Float[Tensor, "rows columns"]
    """(XXᵀ + λI)⁻¹ X; no row where `left` is P."""

    def score(self, seen: Float[Tensor, "people n_movies"]) -> Float[Tensor, "people n_movies"]:
        """About 0 to 1: how likely each of the people is to rate each movie, given which they have (1)."""
        own = seen[:, self.movies]
        if len(self.right):
            projected = (own - (own @ self.left) @ self.right) / self.penalty
        else:
            projected = own @ self.left
        scores = torch.zeros(len(own), self.n_movies)
        scores[:, self.movies] = own - projected / self.diagonal
        return scores

    def validate(self) -> None:
        """Raise ValueError where shapes, the penalty or the movies contradict each other."""
        (columns, inner), rows = self.left.shape, len(self.right)
        if inner != (rows or columns):
            raise ValueError(f"left has shape {(columns, inner)}, expected {(columns, rows or columns)}")
        if self.penalty <= 0:
            raise ValueError(f"penalty is {self.penalty:g}, expected a positive number")
        if not self.diagonal.all():
            raise ValueError("diagonal has zeros")
        check_index("movies", self.movies, self.n_movies)


def fit(train: Ratings, penalty: float) -> Ease:
    """Learn from who rated what in `train`."""
    by_count = torch.bincount(train.movie, minlength=train.n_movies).argsort(descending=True, stable=True)
    movies = by_count if train.n_users <= LARGEST else by_count[:LARGEST]
    column = torch.full((train.n_movies,), -1).index_put((movies,), torch.arange(len(movies)))[train.movie]
    place = torch.stack([train.user, column])[:, column >= 0]
    shape = (train.n_users, len(movies))
    ones = torch.ones(place.shape[1])
    rated = torch.sparse_coo_tensor(place, ones, shape, check_invariants=True).coalesce()
    if train.n_users <= len(movies):
        whole = rated.to_dense()
        right = torch.cholesky_solve(whole, _root(whole @ whole.T, penalty))
        diagonal = (1 - (whole * right).sum(dim=0)) / penalty
        return Ease(movies, train.n_movies, penalty, diagonal, whole.T.contiguous(), right)
    blocks = (rated.index_select(0, user).to_dense() for user in torch.arange(len(rated)).split(BLOCK))
    gramian = sum((block.T @ block for block in blocks), torch.zeros(()))
    inverse = torch.cholesky_inverse(_root(gramian, penalty))
    none = torch.zeros(0, len(movies))
    return Ease(movies, train.n_movies, penalty, inverse.diagonal().clone(), inverse, none)


def _root(gramian: Float[Tensor, "order order"], penalty: float) -> Float[Tensor, "order order"]:
    """The Cholesky factor of the Gram matrix plus λI."""
    root: Tensor = torch.linalg.cholesky(gramian + penalty * torch.eye(len(gramian)))
    return root
