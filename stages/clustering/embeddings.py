"""Movie embeddings by each fit, as the stage `points` writes them; the map; nearest and typical movies."""

import io
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from stages.core.files import check_index
from stages.core.seeds import derive_seed
from stages.core.tensors import TensorFile

TYPICAL = 0.75  # share of the movies of a cluster that are nearest to its centre
PREDICTORS = 4.0  # chosen by movies expected to be similar to twenty titles; tags hardly differ from 1 to 6
MAX_ON_MAP = 3_000  # the most rated movies are on the map; more would be illegible
PERPLEXITY = 30
Embedding = Float[np.ndarray, "movies dimensions"]


@dataclass(frozen=True)
class MovieEmbeddings(TensorFile):
    """The movies with enough ratings, and their embeddings."""

    written_by: ClassVar[str] = "points"
    may_be_nan: ClassVar[str] = "position"
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
        """All other movies, most similar first, and cosines (-1 to 1); KeyError if it has no embedding."""
        row = pd.Index(self.movie).get_loc(movie)
        unit = similarity_vectors(self.embedding, predictors[self.movie])
        cosine = unit @ unit[row]
        order = np.argsort(-cosine, kind="stable")
        order = order[order != row]
        return self.movie[order], cosine[order]

    def serialize(self) -> bytes:
        """The arrays one after another; the bytes of an .npz would depend on the version of Python."""
        buffer = io.BytesIO()
        for array in vars(self).values():
            np.save(buffer, array)
        return buffer.getvalue()

    @classmethod
    def _content(cls, path: Path) -> dict[str, Any]:
        with path.open("rb") as file:
            content = {field.name: np.load(file, allow_pickle=False) for field in fields(cls)}
            if file.read(1):
                raise ValueError("there is more than the embeddings")
        return content

    def validate(self) -> None:
        """Raise ValueError unless the movies are ascending indices."""
        if (np.diff(self.movie) <= 0).any():
            raise ValueError("movie is not in ascending order")
        check_index("movie", self.movie, self.notebook.shape[1])


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


def map_positions(
    embedding: Float[np.ndarray, "movies dimensions"], n_ratings: Int[np.ndarray, " movies"], seed: int
) -> Float[np.ndarray, "movies 2"]:
    """2-D positions of the most rated movies by t-SNE (van der Maaten & Hinton 2008); NaN for the others.

    Large distances are not meaningful. Too few movies or dimensions for t-SNE keep their first two.
    """
    from sklearn.manifold import TSNE

    positions = np.full((len(embedding), 2), np.nan)
    shown = np.argsort(-n_ratings, kind="stable")[:MAX_ON_MAP]
    points = embedding[shown]
    positions[shown] = np.pad(points, ((0, 0), (0, 2)))[:, :2]
    if len(points) > PERPLEXITY and points.shape[1] > 1 and np.ptp(points, axis=0).any():
        # with larger steps, 350 iterations and the coarsest approximation are as good as 500 and a finer one
        speed = {"learning_rate": max(50, len(points) / 5), "max_iter": 350, "angle": 1}
        tsne = TSNE(perplexity=PERPLEXITY, random_state=derive_seed(seed, "map"), **speed)
        positions[shown] = tsne.fit_transform(points)
    return positions.round(3)
