"""The nearest movies are those in the same direction, and a file that holds anything else is refused."""

from pathlib import Path

import numpy as np
import pytest

from stages.command import UserError
from stages.nearness import Nearness

POINTS = Nearness(np.array([3, 5, 8, 9]), np.array([[1.0, 0.0], [5.0, 0.5], [-1.0, 0.0], [0.0, 0.0]]))


def test_the_nearest_come_first_whatever_their_length() -> None:
    movies, alike = POINTS.nearest(3)
    assert movies.tolist() == [5, 9, 8]
    assert alike.tolist() == pytest.approx([5 / np.hypot(5, 0.5), 0, -1])


@pytest.mark.parametrize("movie", [0, 4, 10])
def test_a_movie_without_a_point_has_no_neighbours(movie: int) -> None:
    with pytest.raises(KeyError):
        POINTS.nearest(movie)


def test_points_come_back_from_their_file_as_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "points.npz").write_bytes(POINTS.serialize())
    assert Nearness.load(tmp_path / "points.npz").serialize() == POINTS.serialize()


@pytest.mark.parametrize("content", [b"", b"nonsense", POINTS.serialize()[:100]])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "points.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"points\.npz is damaged, or no file of points; make it"):
        Nearness.load(tmp_path / "points.npz")


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    np.savez(tmp_path / "points.npz", movie=np.array([object()]), place=np.zeros((1, 1)), allow_pickle=True)
    with pytest.raises(UserError, match="is damaged, or no file of points"):
        Nearness.load(tmp_path / "points.npz")


def test_a_missing_file_says_which_command_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"points\.npz does not exist; make it with: dvc repro"):
        Nearness.load(tmp_path / "points.npz")
