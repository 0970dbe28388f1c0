"""EASE: how likely each user is to rate each movie, from who rated what.

    min over B with a diagonal of 0:  ‖X - X B‖² + λ ‖B‖²,    X[u, i] = 1 where u rated i

is solved by x B = x - x P diag(1 / diag P) for every row x, of X or of a new user, with P = (XᵀX + λI)⁻¹.
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
from stages.ranking.metrics import BLOCK, rated_mask

MAX_ORDER = 6_000
"""Order of the largest matrix that is inverted."""


@typed
@dataclass(frozen=True)
class Ease(TensorFile):
    """P, whole or as factors, for the movies that EASE scores; all others score 0."""

    written_by: ClassVar[str] = "baselines"
    movies: Int[Tensor, " columns"]
    """The movies of the columns."""
    n_movies: int
    penalty: float
    diagonal: Float[Tensor, " columns"]
    """Of P."""
    left: Float[Tensor, "columns inner"]
    """Xᵀ, or P."""
    right: Float[Tensor, "rows columns"]
    """(XXᵀ + λI)⁻¹ X; no rows where `left` is P."""

    def score(self, seen: Float[Tensor, "users n_movies"]) -> Float[Tensor, "users n_movies"]:
        """x B, about 0 to 1, for users who have rated the movies where `seen` is 1."""
        x = seen[:, self.movies]
        x_p = (x - (x @ self.left) @ self.right) / self.penalty if len(self.right) else x @ self.left
        scores = torch.zeros(len(x), self.n_movies)
        scores[:, self.movies] = x - x_p / self.diagonal
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
    """Fit to who rated what. With more than `MAX_ORDER` users, only the most rated movies are scored."""
    movies = torch.bincount(train.movie, minlength=train.n_movies).argsort(descending=True, stable=True)
    if train.n_users > MAX_ORDER:
        movies = movies[:MAX_ORDER]
    by_user, users = train.sorted_by_user(), torch.arange(train.n_users)
    if train.n_users <= len(movies):
        x = rated_mask(by_user, users)[:, movies].float()
        root = torch.linalg.cholesky(x @ x.T + penalty * torch.eye(len(x)))
        right = torch.cholesky_solve(x, root)
        diagonal = (1 - (x * right).sum(dim=0)) / penalty
        return Ease(movies, train.n_movies, penalty, diagonal, x.T.contiguous(), right)
    gramian = torch.zeros(len(movies), len(movies))
    for block in users.split(BLOCK):
        x = rated_mask(by_user, block)[:, movies].float()
        gramian.addmm_(x.T, x)
    gramian.diagonal().add_(penalty)
    p = torch.cholesky_inverse(torch.linalg.cholesky(gramian))
    return Ease(movies, train.n_movies, penalty, p.diagonal().clone(), p, torch.zeros(0, len(movies)))
