"""Linear models of items: what each movie that a person has rated adds to the score of every other movie.

score_j = intercept_j + Σ_i x_i B_ij,    over the rated movies i, with x_i the value of a rating
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.core.files import check_index
from stages.core.tensors import TensorFile


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
