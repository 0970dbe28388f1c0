"""Embeddings survive a round trip through their file; any other content is an error."""

from pathlib import Path

import numpy as np
import pytest

from stages.clustering.embeddings import PREDICTORS, MovieEmbeddings, nearest_rows
from stages.core.cli import UserError
from tests.clustering.builders import make_embeddings

TWO = make_embeddings(np.array([3, 5]), np.array([[1.0, 0.0], [5.0, 0.5]]))


def test_embeddings_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "points.npy").write_bytes(TWO.serialize())
    assert MovieEmbeddings.load(tmp_path / "points.npy").serialize() == TWO.serialize()


def test_the_most_similar_come_first_whatever_their_length() -> None:
    embedding = np.array([[1.0, 0.0], [5.0, 0.5], [-1.0, 0.0], [0.0, 0.0]])
    found = make_embeddings(np.array([3, 5, 8, 9]), embedding)
    movies, similarity = found.nearest(3, np.ones((10, 1)))
    assert movies.tolist() == [5, 9, 8]
    cosines = np.array([5 / np.hypot(5, 0.5), 0, -1])
    lengths = np.array([1 + PREDICTORS, (PREDICTORS * (1 + PREDICTORS)) ** 0.5, 1 + PREDICTORS])
    assert similarity.tolist() == pytest.approx((cosines + PREDICTORS) / lengths)
    assert nearest_rows(embedding, 2)[0].tolist() == [1, 3]
    assert nearest_rows(embedding[:1], 2).shape == (1, 0)
    for movie in (0, 4, 10):
        with pytest.raises(KeyError):
            found.nearest(movie, np.ones((10, 1)))


OTHER = {
    "too long": TWO.serialize() + b"more",
    "unsorted": make_embeddings(np.array([5, 3]), TWO.embedding).serialize(),
    "unknown movie": make_embeddings(TWO.movie, TWO.embedding, notebook=np.zeros((0, 4, 1))).serialize(),
}


@pytest.mark.parametrize("content", OTHER.values(), ids=OTHER)
def test_other_content_is_an_error_that_names_the_stage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "points.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"points\.npy .*dvc repro -f points"):
        MovieEmbeddings.load(tmp_path / "points.npy")
