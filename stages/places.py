"""The file of points: where movies lie by each of the models, to be grouped and to be compared."""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from stages.command import UserError
from stages.nearness import Nearness


class Places(NamedTuple):
    """The movies that have enough ratings, and their points."""

    movie: Int[np.ndarray, " movies"]
    """Indices, ascending."""
    place: Float[np.ndarray, "movies dimensions"]
    """By the model."""
    others: Float[np.ndarray, "fits movies dimensions"]
    """By trainings from other seeds."""
    without_genres: Float[np.ndarray, "fits movies dimensions"]
    """By a training that was not told the genres; none if the model knows nothing of genres."""
    on_map: Float[np.ndarray, "movies 2"]
    """In the plane; not a number where a movie is not on the map."""
    expected: Float[np.ndarray, " movies"]
    """Stars that all users would give on average,"""
    deviation: Float[np.ndarray, " movies"]
    """and how unsure the model is of these."""
    notebook: Float[np.ndarray, "fits n_movies k"]
    """Of all movies, by the notebook's recipe from two seeds."""

    @property
    def nearness(self) -> Nearness:
        """What is near to what, by the model."""
        return Nearness(self.movie, self.place)

    def serialize(self) -> bytes:
        """The content of a file that `load` reads: the arrays one after the other.

        The same bytes for the same points; those of an .npz would depend on the version of Python.
        """
        buffer = io.BytesIO()
        for array in self:
            np.save(buffer, array)
        return buffer.getvalue()

    @classmethod
    def load(cls, path: Path) -> "Places":
        """Read a file of points; raises UserError when it is not one."""
        remedy = "make it with: dvc repro"
        try:
            with path.open("rb") as file:
                return cls(*(np.load(file, allow_pickle=False) for _ in cls._fields))
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; {remedy}") from None
        except (ValueError, EOFError) as error:
            raise UserError(f"{path} is damaged, or no file of points; {remedy}") from error
