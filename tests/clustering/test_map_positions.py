"""The map keeps neighbours together, and exists for however few movies or dimensions."""

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from stages.clustering import embeddings
from stages.clustering.embeddings import map_positions
from tests.clustering.builders import PLANTED, planted_factors


def test_neighbours_stay_neighbours_and_the_least_rated_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "MAX_ON_MAP", 70)
    positions = map_positions(normalize(planted_factors()), np.arange(75), seed=1)
    assert np.isnan(positions[:5]).all()
    distance = np.linalg.norm(positions[5:, None] - positions[5:], axis=2) + np.diag(np.full(70, np.inf))
    assert (PLANTED[5:][distance.argmin(axis=1)] == PLANTED[5:]).mean() > 0.95


@pytest.mark.parametrize(
    "embedding", [np.eye(5), np.arange(40.0)[:, None], np.ones((40, 3)), np.ones((1, 9))]
)
def test_few_movies_or_dimensions_or_equal_movies_are_drawn_as_they_are(embedding: np.ndarray) -> None:
    positions = map_positions(embedding, np.arange(len(embedding)), seed=1)
    assert (positions[:, 0] == embedding[:, 0]).all()
