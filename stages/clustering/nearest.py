"""Nearest neighbours of movies by the cosine similarity of their embeddings."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class NearestNeighbours(NamedTuple):
    """The movies that have an embedding (ascending indices), and the embeddings."""

    movie: Int[np.ndarray, " movies"]
    embedding: Float[np.ndarray, "movies dimensions"]

    def nearest(self, movie: int) -> tuple[Int[np.ndarray, " others"], Float[np.ndarray, " others"]]:
        """All other movies, the most similar first, and their cosine similarities (-1 to 1).

        Raises KeyError for a movie without an embedding.
        """
        row = {movie: row for row, movie in enumerate(self.movie.tolist())}[movie]
        unit = unit_rows(self.embedding)
        cosine = unit @ unit[row]
        order = np.argsort(-cosine, kind="stable")
        order = order[order != row]
        return self.movie[order], cosine[order]


def nearest_rows(embedding: Float[np.ndarray, "movies dimensions"], n: int) -> Int[np.ndarray, "movies _"]:
    """For each row the `n` other rows of highest cosine similarity, or all if there are fewer."""
    unit = unit_rows(embedding)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -np.inf)
    return np.argsort(-cosine, axis=1, kind="stable")[:, : min(n, len(unit) - 1)]


def unit_rows(embedding: Float[np.ndarray, "rows dimensions"]) -> Float[np.ndarray, "rows dimensions"]:
    """Rows divided by their lengths; rows of zeros stay."""
    length = np.sqrt(np.einsum("ij,ij->i", embedding, embedding))
    return np.asarray(embedding / np.where(length > 0, length, 1)[:, None])
