"""k-means finds planted clusters, and gives the same numbers whatever the number of threads."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from stages.clustering.kmeans import k_means
from stages.clustering.nearest import unit_rows
from tests.clustering.builders import PLANTED, planted_factors


def test_planted_clusters_are_found_and_numbered_by_size() -> None:
    embedding = unit_rows(planted_factors())
    labels, inertia = k_means(embedding, 3, seed=42, n_init=5)
    assert adjusted_rand_score(PLANTED, labels) == 1
    assert np.bincount(labels).tolist() == [30, 25, 20]
    centres = np.stack([embedding[labels == label].mean(axis=0) for label in range(3)])
    assert inertia == pytest.approx(((embedding - centres[labels]) ** 2).sum())


def test_there_are_no_more_clusters_than_distinct_embeddings() -> None:
    labels, inertia = k_means(np.repeat([[0.0], [1.0]], [2, 5], axis=0), 4, seed=1, n_init=1)
    assert labels.tolist() == [1, 1, 0, 0, 0, 0, 0]
    assert inertia == 0


def test_the_number_of_threads_changes_no_digit() -> None:
    embedding = np.random.default_rng(0).normal(size=(3_000, 8))
    found = []
    for threads in (1, 2, 3):
        with threadpool_limits(limits=threads):
            found.append(k_means(embedding, 10, seed=1, n_init=2))
    assert len({(labels.tobytes(), inertia) for labels, inertia in found}) == 1
