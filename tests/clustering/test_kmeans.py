"""Planted groups are found."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from stages.clustering.kmeans import group
from tests.test_points import PLANTED, planted_factors


def test_planted_groups_are_found() -> None:
    points = planted_factors().double().numpy()
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels, inertia = group(points, 3, seed=42, starts=5)
    assert adjusted_rand_score(PLANTED, labels) == 1
    centres = np.stack([points[labels == label].mean(axis=0) for label in range(3)])
    assert inertia == pytest.approx(((points - centres[labels]) ** 2).sum())


def test_clusters_are_numbered_from_the_largest() -> None:
    labels, _ = group(planted_factors().double().numpy(), 3, seed=42, starts=5)
    assert (np.diff(np.bincount(labels)) <= 0).all()
