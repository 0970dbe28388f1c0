"""Which movies are nearest to a movie, among the points that were grouped."""

import io
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float, Int

from stages.command import UserError


class Nearness(NamedTuple):
    """The movies that were grouped, and their points."""

    movie: Int[np.ndarray, " movies"]
    """Indices, ascending."""
    place: Float[np.ndarray, "movies dimensions"]

    def nearest(self, movie: int) -> tuple[Int[np.ndarray, " others"], Float[np.ndarray, " others"]]:
        """The other movies, the nearest first, and the similarity of each.

        Similarity is the cosine of the points, 1 for the same direction; raises KeyError for a movie without
        a point.
        """
        row = int(np.searchsorted(self.movie, movie))
        if row == len(self.movie) or self.movie[row] != movie:
            raise KeyError(movie)
        length = np.linalg.norm(self.place, axis=1)
        cosine = self.place @ self.place[row] / np.maximum(length * length[row], 1e-12)
        order = np.argsort(-cosine, kind="stable")
        order = order[order != row]
        return self.movie[order], cosine[order]

    def serialize(self) -> bytes:
        """The content of a file that `load` reads; the same bytes for the same points."""
        buffer = io.BytesIO()
        np.savez(buffer, movie=self.movie, place=self.place.astype(np.float32))
        return buffer.getvalue()

    @classmethod
    def load(cls, path: Path) -> "Nearness":
        """Read a file of points; raises UserError when it is not one."""
        remedy = "make it with: dvc repro"
        try:
            with path.open("rb") as file:
                content = np.load(file, allow_pickle=False)
                return cls(content["movie"], content["place"])
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; {remedy}") from None
        except (ValueError, KeyError, EOFError, BadZipFile) as error:
            raise UserError(f"{path} is damaged, or no file of points; {remedy}") from error
