"""EASE: which movies a user will rate, and how highly, from those that they have rated.

    min over B with a diagonal of 0:  ‖X - X B‖² + λ ‖B‖²,    X[u, i] = the value of u's rating of i, or 0

is solved by B_ij = -P_ij / P_jj off the diagonal, with P = (XᵀX + λI)⁻¹. Steck 2019, "Embarrassingly Shallow
Autoencoders for Sparse Data", equation 8. With fewer users than movies, P = (I - Xᵀ (XXᵀ + λI)⁻¹ X) / λ costs
less (Woodbury's identity). One more column of X has the same constant for everybody: its row of B is an
intercept, so that users with few ratings are offered well-known movies:

    score_j = intercept_j + Σ_i x_i B_ij,    over the rated movies i, with x_i the value of a rating
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
class LinearModel(TensorFile):
    """B, whole or as factors, for the movies that are scored; all others score 0.

    The diagonal of B means nothing: a movie that a person has rated is not ranked for them.
    """

    written_by: ClassVar[str] = "baselines"
    movies: Int[Tensor, " scored"]
    n_movies: int
    intercept: Float[Tensor, " scored"]
    left: Float[Tensor, "scored inner"]  # B = left @ right, or B itself
    right: Float[Tensor, "rows scored"]  # no rows where `left` is B

    def score(self, values: Float[Tensor, "users n_movies"]) -> Float[Tensor, "users n_movies"]:
        """The score of each movie for users with these values of their ratings, 0 where they have none."""
        sums = values[:, self.movies].to_sparse() @ self.left  # few movies are rated
        scores = torch.zeros(len(values), self.n_movies)
        scores[:, self.movies] = self.intercept + (sums @ self.right if len(self.right) else sums)
        return scores

    def weights(self, rated: Int[Tensor, " rated"], movie: int) -> Float[Tensor, " rated"]:
        """B_ij of rated movies i and one movie j: what the value 1 of a rating adds to its score."""
        place = torch.full((self.n_movies,), -1).index_copy(0, self.movies, torch.arange(len(self.movies)))
        i, j = place[rated], int(place[movie])
        found = self.left[i] @ self.right[:, j] if len(self.right) else self.left[i, j]
        return found.masked_fill((i < 0) | (j < 0), 0.0)

    def validate(self) -> None:
        """Raise ValueError where the factors or the movies contradict each other."""
        (scored, inner), rows = self.left.shape, len(self.right)
        if inner != (rows or scored):
            raise ValueError(f"left has shape {(scored, inner)}, expected {(scored, rows or scored)}")
        check_index("movies", self.movies, self.n_movies)


def fit(ratings: Ratings, penalty: float, constant: float = 0.0) -> LinearModel:
    """Fit to ratings by value. With more than `MAX_ORDER` users, only the most rated movies are scored."""
    movies = torch.bincount(ratings.movie, minlength=ratings.n_movies).argsort(descending=True, stable=True)
    if ratings.n_users > MAX_ORDER:
        movies = movies[:MAX_ORDER]
    by_user = ratings.sorted_by_user()

    def rows(users: Int[Tensor, " users"]) -> Float[Tensor, "users columns"]:
        return pad(rating_rows(by_user, users)[:, movies], (0, 1), value=constant)

    users = torch.arange(ratings.n_users)
    if ratings.n_users <= len(movies):
        x = rows(users)
        root = torch.linalg.cholesky(x @ x.T + penalty * torch.eye(len(x)))
        right = torch.cholesky_solve(x, root)
        right = (right / (1 - (x * right).sum(dim=0)))[:, :-1]  # so that B_ij = x_iᵀ right_j
        left = x.T.contiguous()
        return LinearModel(movies, ratings.n_movies, constant * (left[-1] @ right), left[:-1], right)
    gramian = penalty * torch.eye(len(movies) + 1)
    for block in tqdm(users.split(BLOCK), desc="EASE", unit=f"{BLOCK} users", delay=2):
        x = rows(block)
        gramian.addmm_(x.T, x)
    p = torch.cholesky_inverse(torch.linalg.cholesky(gramian))
    weights = (p / -p.diagonal()).fill_diagonal_(0)[:, :-1]
    nothing = torch.zeros(0, len(movies))
    return LinearModel(movies, ratings.n_movies, constant * weights[-1], weights[:-1], nothing)
