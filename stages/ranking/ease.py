"""EASE: which movies a user will rate, and how highly, from those that they have rated.

    min over B with a diagonal of 0:  ‖X - X B‖² + λ ‖B‖²,    X[u, i] = the value of u's rating of i, or 0

is solved by x B = x - x P diag(1 / diag P) for every row x, of X or of a new user, with P = (XᵀX + λI)⁻¹.
Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", equation 8. With fewer users than movies,
P = (I - Xᵀ (XXᵀ + λI)⁻¹ X) / λ costs less (Woodbury's identity). One more column of X has the same constant
for everybody: its row of B is an intercept, so that users with few ratings are offered well-known movies.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad
from tqdm import tqdm

from stages.core.files import check_index
from stages.core.tensors import TensorFile
from stages.movielens.ratings import Ratings
from stages.ranking.metrics import BLOCK, rating_rows

MAX_ORDER = 6_000  # order of the largest matrix that is inverted


@dataclass(frozen=True)
class Ease(TensorFile):
    """P, whole or as factors, for the movies that EASE scores; all others score 0."""

    written_by: ClassVar[str] = "baselines"
    movies: Int[Tensor, " scored"]  # the movies of all columns but the last
    n_movies: int
    penalty: float
    constant: float  # in the last column of every row
    diagonal: Float[Tensor, " columns"]  # of P
    left: Float[Tensor, "columns inner"]  # Xᵀ, or P
    right: Float[Tensor, "rows columns"]  # (XXᵀ + λI)⁻¹ X; no rows where `left` is P

    def score(self, values: Float[Tensor, "users n_movies"]) -> Float[Tensor, "users n_movies"]:
        """x B of users with these values of their ratings, 0 for movies that they have not rated."""
        x = pad(values[:, self.movies], (0, 1), value=self.constant)
        x_left = x.to_sparse() @ self.left  # few movies are rated
        x_p = (x - x_left @ self.right) / self.penalty if len(self.right) else x_left
        scores = torch.zeros(len(x), self.n_movies)
        scores[:, self.movies] = (x - x_p / self.diagonal)[:, :-1]
        return scores

    def weights(
        self, row: Int[Tensor, " rows"], column: Int[Tensor, " columns"]
    ) -> Float[Tensor, "rows columns"]:
        """Entries of B: what the value 1 for the movie of a row adds to the score of that of a column."""
        place = torch.full((self.n_movies,), -1).index_copy(0, self.movies, torch.arange(len(self.movies)))
        i, j = place[row], place[column]
        p = self.left[i] @ self.right[:, j] / -self.penalty if len(self.right) else self.left[i][:, j]
        is_zero = (i[:, None] < 0) | (j < 0) | (i[:, None] == j)
        return (p / -self.diagonal[j]).masked_fill(is_zero, 0.0)

    def validate(self) -> None:
        """Raise ValueError where shapes, the penalty or the movies contradict each other."""
        (columns, inner), rows = self.left.shape, len(self.right)
        if inner != (rows or columns):
            raise ValueError(f"left has shape {(columns, inner)}, expected {(columns, rows or columns)}")
        if columns != len(self.movies) + 1:
            raise ValueError(f"it has {len(self.movies)} movies, but {columns} columns")
        if self.penalty <= 0:
            raise ValueError(f"penalty is {self.penalty:g}, expected a positive number")
        if not self.diagonal.all():
            raise ValueError("diagonal has zeros")
        check_index("movies", self.movies, self.n_movies)


def fit(ratings: Ratings, penalty: float, constant: float = 0.0) -> Ease:
    """Fit to ratings by value. With more than `MAX_ORDER` users, only the most rated movies are scored."""
    movies = torch.bincount(ratings.movie, minlength=ratings.n_movies).argsort(descending=True, stable=True)
    if ratings.n_users > MAX_ORDER:
        movies = movies[:MAX_ORDER]
    by_user, n_columns = ratings.sorted_by_user(), len(movies) + 1

    def rows(users: Int[Tensor, " users"]) -> Float[Tensor, "users columns"]:
        return pad(rating_rows(by_user, users)[:, movies], (0, 1), value=constant)

    users = torch.arange(ratings.n_users)
    if ratings.n_users <= len(movies):
        x = rows(users)
        root = torch.linalg.cholesky(x @ x.T + penalty * torch.eye(len(x)))
        right = torch.cholesky_solve(x, root)
        diagonal = (1 - (x * right).sum(dim=0)) / penalty
        return Ease(movies, ratings.n_movies, penalty, constant, diagonal, x.T.contiguous(), right)
    gramian = penalty * torch.eye(n_columns)
    for block in tqdm(users.split(BLOCK), desc="EASE", unit=f"{BLOCK} users", delay=2):
        x = rows(block)
        gramian.addmm_(x.T, x)
    p = torch.cholesky_inverse(torch.linalg.cholesky(gramian))
    nothing = torch.zeros(0, n_columns)
    return Ease(movies, ratings.n_movies, penalty, constant, p.diagonal().clone(), p, nothing)
