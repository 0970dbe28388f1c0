"""Embeddings survive a round trip through their file; any other content is an error."""

from pathlib import Path

import numpy as np
import pytest

from stages.clustering.embeddings import MovieEmbeddings
from stages.core.cli import UserError
from tests.clustering.builders import make_embeddings

TWO = make_embeddings(np.array([3, 5]), np.array([[1.0, 0.0], [5.0, 0.5]]))


def test_embeddings_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "points.npy").write_bytes(TWO.serialize())
    found = MovieEmbeddings.load(tmp_path / "points.npy")
    assert found.serialize() == TWO.serialize()
    assert found.neighbours.nearest(3)[0].tolist() == [5]


@pytest.mark.parametrize(
    "content",
    [
        TWO.serialize() + b"more",
        make_embeddings(np.array([5, 3]), TWO.embedding).serialize(),
        make_embeddings(TWO.movie, TWO.embedding, notebook=np.zeros((0, 4, 1))).serialize(),
    ],
    ids=["too long", "unsorted", "unknown movie"],
)
def test_other_content_is_an_error_that_names_the_stage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "points.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"points\.npy .*dvc repro -f points"):
        MovieEmbeddings.load(tmp_path / "points.npy")
