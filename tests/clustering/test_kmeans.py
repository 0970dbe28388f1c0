"""k-means finds planted clusters, and gives the same numbers whatever the number of threads."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from stages.clustering.kmeans import k_means
from stages.clustering.nearest import unit_rows
from tests.clustering.builders import PLANTED, planted_factors


def test_planted_clusters_are_found_and_numbered_by_size() -> None:
    embedding = unit_rows(planted_factors())
    labels, inertia = k_means(embedding, 3, seed=42)
    assert labels.tolist() == np.array([2, 0, 1])[PLANTED].tolist()
    centres = np.stack([embedding[labels == label].mean(axis=0) for label in range(3)])
    assert inertia == pytest.approx(((embedding - centres[labels]) ** 2).sum())


def test_there_are_no_more_clusters_than_distinct_embeddings() -> None:
    labels, _ = k_means(np.repeat([[0.0], [1.0]], [2, 5], axis=0), 4, seed=1)
    assert labels.tolist() == [1, 1, 0, 0, 0, 0, 0]


def test_the_number_of_threads_changes_no_digit() -> None:
    embedding, found = np.random.default_rng(0).normal(size=(3_000, 8)), set()
    for threads in (1, 2, 3):
        with threadpool_limits(limits=threads):
            found.add(k_means(embedding, 10, seed=1)[1])
    assert len(found) == 1
