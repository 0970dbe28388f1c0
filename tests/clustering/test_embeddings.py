"""A file of points comes back as it was, and one that holds anything else is refused."""

from pathlib import Path

import numpy as np
import pytest

from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.nearest import NearestNeighbours
from stages.core.cli import UserError


def make_places(nearness: NearestNeighbours) -> MovieEmbeddings:
    """A file's content of which only what is near to what matters."""
    movies, n_movies = len(nearness.movie), nearness.movie.max() + 1
    return MovieEmbeddings(
        *nearness,
        others=np.zeros((0, movies, 0)),
        without_genres=np.zeros((0, movies, 0)),
        on_map=np.full((movies, 2), np.nan),
        expected=np.zeros(movies),
        deviation=np.zeros(movies),
        notebook=np.zeros((0, n_movies, 1)),
    )


PLACES = make_places(NearestNeighbours(np.array([3, 5]), np.array([[1.0, 0.0], [5.0, 0.5]])))


def test_points_come_back_from_their_file_as_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "points.npy").write_bytes(PLACES.serialize())
    assert MovieEmbeddings.load(tmp_path / "points.npy").serialize() == PLACES.serialize()


@pytest.mark.parametrize("content", [b"", b"nonsense", PLACES.serialize()[:100]])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "points.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"points\.npy is damaged, or no file of points; make it"):
        MovieEmbeddings.load(tmp_path / "points.npy")


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    np.save(tmp_path / "points.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(UserError, match="is damaged, or no file of points"):
        MovieEmbeddings.load(tmp_path / "points.npy")


def test_a_missing_file_says_which_command_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"points\.npy does not exist; make it with: dvc repro"):
        MovieEmbeddings.load(tmp_path / "points.npy")


def test_a_lone_array_is_no_file_of_points(tmp_path: Path) -> None:
    with (tmp_path / "points.npy").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(UserError, match="is damaged, or no file of points"):
        MovieEmbeddings.load(tmp_path / "points.npy")
