"""The file of points: where movies lie by each of the models, to be grouped and to be compared."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_type_hints

import numpy as np
from jaxtyping import Float, Int

from stages.command import UserError
from stages.kinds import outside, problems
from stages.nearness import Nearness

DAMAGED = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, RuntimeError)
"""What numpy.load raises on files that are not what numpy.save writes."""


class Places(NamedTuple):
    """The movies that have enough ratings, and their points."""

    movie: Int[np.ndarray, " movies"]
    """Indices, ascending."""
    place: Float[np.ndarray, "movies dimensions"]
    """By the model."""
    others: Float[np.ndarray, "replicas movies _"]
    """By trainings from other seeds."""
    without_genres: Float[np.ndarray, "untold movies _"]
    """By a training that was not told the genres; none if the model knows nothing of genres."""
    on_map: Float[np.ndarray, "movies 2"]
    """In the plane; not a number where a movie is not on the map."""
    expected: Float[np.ndarray, " movies"]
    """Stars that all users would give on average,"""
    deviation: Float[np.ndarray, " movies"]
    """and how unsure the model is of these."""
    notebook: Float[np.ndarray, "seeds n_movies _"]
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
        remedy = "make it anew with: dvc repro -f points"
        try:
            with path.open("rb") as file:
                content = {name: np.load(file, allow_pickle=False) for name in cls._fields}
                if file.read(1):
                    raise ValueError("there is more than the points")
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; make it with: dvc repro") from None
        except DAMAGED as error:
            raise UserError(f"{path} is damaged, or no file of points; {remedy}") from error
        kinds = get_type_hints(cls)
        problem = next(problems(content, kinds, with_gaps=["on_map"]), None) or next(_problems(content), None)
        if problem:
            raise UserError(f"{path}: {problem}; {remedy}")
        return cls(**content)


def _problems(content: dict[str, np.ndarray]) -> Iterator[str]:
    movie = content["movie"]
    if (np.diff(movie) <= 0).any():
        yield "movie does not ascend"
    n_movies = content["notebook"].shape[1]
    yield from outside("movie", movie, n_movies)
