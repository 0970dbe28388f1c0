"""The nearest neighbours are those in the most similar direction."""

import numpy as np
import pytest

from stages.clustering.nearest import NearestNeighbours, nearest_rows

EMBEDDING = np.array([[1.0, 0.0], [5.0, 0.5], [-1.0, 0.0], [0.0, 0.0]])
MOVIES = NearestNeighbours(np.array([3, 5, 8, 9]), EMBEDDING)


def test_the_most_similar_come_first_whatever_their_length() -> None:
    movies, similarity = MOVIES.nearest(3)
    assert movies.tolist() == [5, 9, 8]
    assert similarity.tolist() == pytest.approx([5 / np.hypot(5, 0.5), 0, -1])
    assert nearest_rows(EMBEDDING, 2)[0].tolist() == [1, 3]
    assert nearest_rows(EMBEDDING[:1], 2).shape == (1, 0)


@pytest.mark.parametrize("movie", [0, 4, 10])
def test_a_movie_without_an_embedding_is_unknown(movie: int) -> None:
    with pytest.raises(KeyError):
        MOVIES.nearest(movie)
