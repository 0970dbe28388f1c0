"""Which movies are nearest to a movie, among the points that were grouped."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class NearestNeighbours(NamedTuple):
    """The movies that were grouped, and their points."""

    movie: Int[np.ndarray, " movies"]
    """Indices, ascending."""
    embedding: Float[np.ndarray, "movies dimensions"]

    def nearest(self, movie: int) -> tuple[Int[np.ndarray, " others"], Float[np.ndarray, " others"]]:
        """The other movies, the nearest first, and the similarity of each.

        Similarity is the cosine of the points, 1 for the same direction; raises KeyError for a movie without
        a point.
        """
        row = int(np.searchsorted(self.movie, movie))
        if row == len(self.movie) or self.movie[row] != movie:
            raise KeyError(movie)
        length = np.linalg.norm(self.embedding, axis=1)
        cosine = self.embedding @ self.embedding[row] / np.maximum(length * length[row], 1e-12)
        order = np.argsort(-cosine, kind="stable")
        order = order[order != row]
        return self.movie[order], cosine[order]
