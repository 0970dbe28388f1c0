"""The map keeps neighbours together, and exists for however few movies or dimensions."""

import numpy as np
import pytest

from stages.clustering import tsne
from stages.clustering.nearest import unit_rows
from stages.clustering.tsne import map_positions
from tests.clustering.builders import PLANTED, planted_factors


def test_neighbours_stay_neighbours_on_the_map() -> None:
    positions = map_positions(unit_rows(planted_factors()), np.arange(75), seed=1)
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=2) + np.diag(np.full(75, np.inf))
    assert (PLANTED[distance.argmin(axis=1)] == PLANTED).mean() > 0.95


def test_only_the_most_rated_movies_are_on_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsne, "MAX_MOVIES", 50)
    positions = map_positions(planted_factors(), np.arange(75), seed=1)
    assert np.isnan(positions[:25]).all()
    assert np.isfinite(positions[25:]).all()


@pytest.mark.parametrize("shape", [(1, 9), (5, 3), (5, 1), (40, 1)])
def test_few_movies_or_a_single_dimension_are_drawn_as_they_are(shape: tuple[int, int]) -> None:
    embedding = np.arange(np.prod(shape), dtype=float).reshape(shape)
    positions = map_positions(embedding, np.arange(shape[0]), seed=1)
    assert (positions[:, 0] == embedding[:, 0]).all()


def test_equal_embeddings_have_equal_positions() -> None:
    assert (map_positions(np.ones((40, 3)), np.arange(40), seed=1) == 1).all()
