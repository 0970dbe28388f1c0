"""The map keeps neighbours together, for however few movies or factors."""

import numpy as np
import pytest
import torch

from stages.clustering import tsne as projection
from stages.clustering.tsne import map_positions
from tests.test_points import PLANTED, planted_factors


def test_neighbours_stay_neighbours_on_the_map() -> None:
    unit = torch.nn.functional.normalize(planted_factors()).double().numpy()
    places = map_positions(unit, np.arange(75), seed=1)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag(np.full(75, np.inf))
    assert (PLANTED[distance.argmin(axis=1)] == PLANTED).mean() > 0.95


def test_only_the_best_known_are_put_on_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "MAPPED", 50)
    places = map_positions(planted_factors().double().numpy(), np.arange(75), seed=1)
    assert np.isnan(places[:25]).all()
    assert np.isfinite(places[25:]).all()


@pytest.mark.parametrize("shape", [(5, 3), (5, 1), (40, 1)])
def test_a_handful_of_movies_or_a_single_factor_has_a_map_too(shape: tuple[int, int]) -> None:
    places = map_positions(np.arange(np.prod(shape), dtype=float).reshape(shape), np.arange(shape[0]), seed=1)
    assert np.isfinite(places).all()
    assert len(np.unique(places, axis=0)) == shape[0]
