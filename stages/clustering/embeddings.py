"""Movie embeddings by each of the fits: the file that the stage `points` writes."""

import io
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from stages.clustering.nearest import NearestNeighbours
from stages.core import files
from stages.core.files import check_index, typed


@typed
@dataclass(frozen=True)
class MovieEmbeddings:
    """The movies with enough ratings, and their embeddings."""

    movie: Int[np.ndarray, " movies"]
    """Indices, ascending."""
    embedding: Float[np.ndarray, "movies dimensions"]
    """By the model."""
    replicas: Float[np.ndarray, "replicas movies _"]
    """By fits with other seeds."""
    without_genres: Float[np.ndarray, "fits_without_genres movies _"]
    """By a fit without genres; no fit if the model does not use genres."""
    position: Float[np.ndarray, "movies 2"]
    """On the t-SNE map; NaN where a movie is not on it."""
    expected: Float[np.ndarray, " movies"]
    """Expected rating, averaged over all users, in stars."""
    deviation: Float[np.ndarray, " movies"]
    """Standard deviation of `expected`, in stars."""
    notebook: Float[np.ndarray, "seeds n_movies _"]
    """Of all movies, by the notebook's recipe with two seeds."""

    @property
    def neighbours(self) -> NearestNeighbours:
        """Search by the model's embeddings."""
        return NearestNeighbours(self.movie, self.embedding)

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
        found = cls(**content)
        for name, value in content.items():
            if name != "position" and not np.isfinite(value).all():
                raise ValueError(f"{name} has values that are not finite")
        if (np.diff(found.movie) <= 0).any():
            raise ValueError("movie is not in ascending order")
        check_index("movie", found.movie, found.notebook.shape[1])
        return found
