"""Movie embeddings by each fit: the file that the stage `points` writes; nearest and typical movies."""

import io
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from stages.core import files
from stages.core.files import check_index

TYPICAL = 0.75  # of the movies of a cluster: those nearest to its centre
PREDICTORS = 4.0  # by twenty titles and the companions expected with them; tags hardly differ from 1 to 6
Embedding = Float[np.ndarray, "movies dimensions"]


@dataclass(frozen=True)
class MovieEmbeddings:
    """The movies with enough ratings, and their embeddings."""

    movie: Int[np.ndarray, " movies"]  # indices, ascending
    embedding: Embedding  # by the model
    replicas: Float[np.ndarray, "replicas movies _"]  # by fits with other seeds
    without_genres: Float[np.ndarray, "fits_without_genres movies _"]  # no fit if the model uses no genres
    position: Float[np.ndarray, "movies 2"]  # on the t-SNE map; NaN where a movie is not on it
    expected: Float[np.ndarray, " movies"]  # rating, averaged over all users, in stars
    deviation: Float[np.ndarray, " movies"]  # standard deviation of `expected`, in stars
    n_ratings: Int[np.ndarray, " n_movies"]  # training ratings of all movies
    notebook: Float[np.ndarray, "seeds n_movies _"]  # of all movies, by the notebook's recipe with two seeds

    def nearest(
        self, movie: int, predictors: Float[np.ndarray, "n_movies _"]
    ) -> tuple[Int[np.ndarray, " others"], Float[np.ndarray, " others"]]:
        """All other movies, the most similar first, and their cosine similarities (-1 to 1).

        Raises KeyError for a movie without an embedding.
        """
        row = pd.Index(self.movie).get_loc(movie)
        unit = similarity_vectors(self.embedding, predictors[self.movie])
        cosine = unit @ unit[row]
        order = np.argsort(-cosine, kind="stable")
        order = order[order != row]
        return self.movie[order], cosine[order]

    def serialize(self) -> bytes:
        """The arrays one after another; the bytes of an .npz would depend on the version of Python."""
        buffer = io.BytesIO()
        for field in fields(self):
            np.save(buffer, getattr(self, field.name))
        return buffer.getvalue()

    @classmethod
    def load(cls, path: Path) -> "MovieEmbeddings":
        """Read a file of embeddings; raises UserError if it is missing, damaged or misshapen."""
        return files.load(path, cls._read, "points")

    @classmethod
    def _read(cls, path: Path) -> "MovieEmbeddings":
        with path.open("rb") as file:
            content = {field.name: np.load(file, allow_pickle=False) for field in fields(cls)}
            if file.read(1):
                raise ValueError("there is more than the embeddings")
        files.check_fields(cls, content)
        found = cls(**content)
        for name, value in content.items():
            if name != "position" and not np.isfinite(value).all():
                raise ValueError(f"{name} has values that are not finite")
        if (np.diff(found.movie) <= 0).any():
            raise ValueError("movie is not in ascending order")
        check_index("movie", found.movie, found.notebook.shape[1])
        return found


def similarity_vectors(
    embedding: Embedding, predictors: Float[np.ndarray, "movies factors"]
) -> Float[np.ndarray, "movies dimensions+factors"]:
    """Rows of length 1, whose cosines are those of both matrices, averaged with weights 1 and `PREDICTORS`.

    Movies are similar if the same people like and watch them, and if the same movies predict them: a row of
    `predictors` has the factors of the weights by which a linear model scores a movie.
    """
    return unit_rows(np.hstack([unit_rows(embedding), PREDICTORS**0.5 * unit_rows(predictors)]))


def nearest_rows(embedding: Embedding, n: int) -> Int[np.ndarray, "movies _"]:
    """For each row the `n` other rows of highest cosine similarity, or all if there are fewer."""
    unit = unit_rows(embedding)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -np.inf)
    return np.argsort(-cosine, axis=1, kind="stable")[:, : min(n, len(unit) - 1)]


def unit_rows(embedding: Embedding) -> Embedding:
    """Rows divided by their lengths; rows of zeros stay."""
    length = np.sqrt(np.einsum("ij,ij->i", embedding, embedding))
    return np.asarray(embedding / np.where(length > 0, length, 1)[:, None])


def typical(clustered: pd.DataFrame) -> pd.DataFrame:
    """The movies that are not at the edge of their cluster, by the columns cluster and distance."""
    edge = clustered.groupby("cluster")["distance"].transform("quantile", TYPICAL)
    return clustered[clustered["distance"] <= edge]
