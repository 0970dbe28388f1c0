"""The nearest movies are those in the same direction."""

import numpy as np
import pytest

from stages.clustering.nearest import NearestNeighbours

POINTS = NearestNeighbours(
    np.array([3, 5, 8, 9]), np.array([[1.0, 0.0], [5.0, 0.5], [-1.0, 0.0], [0.0, 0.0]])
)


def test_the_nearest_come_first_whatever_their_length() -> None:
    movies, alike = POINTS.nearest(3)
    assert movies.tolist() == [5, 9, 8]
    assert alike.tolist() == pytest.approx([5 / np.hypot(5, 0.5), 0, -1])


@pytest.mark.parametrize("movie", [0, 4, 10])
def test_a_movie_without_a_point_has_no_neighbours(movie: int) -> None:
    with pytest.raises(KeyError):
        POINTS.nearest(movie)
