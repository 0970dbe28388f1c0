"""EASE: who will rate what, from who rated what. The chance of being seen, and a baseline for ranking.

    min over B with a diagonal of 0:  ‖X - X B‖² + λ ‖B‖²,    X[u, i] = 1 where u rated i

is solved by x B = x - x P diag(1 / diag P) for every row x, of X or of somebody new, with P = (XᵀX + λI)⁻¹.
Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", equation 8. With fewer users than movies,
P = (I - Xᵀ (XXᵀ + λI)⁻¹ X) / λ costs less (Woodbury's identity).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages import tensors
from stages.kinds import outside
from stages.measures import BLOCK
from stages.movielens.ratings import Ratings

LARGEST = 10_000
"""Order of the largest matrix that is inverted. With more users than this, only so many of the most rated
movies are told apart, and all others score 0."""


@dataclass(frozen=True)
class Ease:
    """P, whole or by its factors, for the movies that are told apart."""

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

    def serialize(self) -> bytes:
        """The content of a file that `load` reads."""
        return tensors.serialize(vars(self))

    @classmethod
    def load(cls, path: Path) -> "Ease":
        """Read a file; raises UserError when it is not one of these."""
        kinds = {field.name: field.type for field in fields(cls)}
        return cls(**tensors.load(path, kinds, "baselines", _problems))


def _problems(content: dict[str, Any]) -> Iterator[str]:
    (columns, inner), rows = content["left"].shape, len(content["right"])
    if inner != (rows or columns):
        yield f"left has shape {(columns, inner)} instead of {(columns, rows or columns)}"
    if content["penalty"] <= 0:
        yield f"penalty is {content['penalty']:g}, which is not above 0"
    if not content["diagonal"].all():
        yield "diagonal has zeros"
    yield from outside("movies", content["movies"], content["n_movies"])


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
