"""k-means finds planted clusters, whatever the number of threads; their numbers do not depend on it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from stages.clustering.embeddings import typical
from stages.clustering.kmeans import chronological, k_means
from tests.clustering.builders import PLANTED, planted_factors


def test_planted_clusters_are_found_and_no_more_than_distinct_embeddings() -> None:
    embedding = normalize(planted_factors())
    labels, inertia = k_means(embedding, 3, seed=42)
    assert adjusted_rand_score(PLANTED, labels) == 1
    centres = np.stack([embedding[labels == label].mean(axis=0) for label in range(3)])
    assert inertia == pytest.approx(((embedding - centres[labels]) ** 2).sum())
    labels, _ = k_means(np.repeat([[0.0], [1.0]], [2, 5], axis=0), 4, seed=1)
    assert sorted(np.bincount(labels)) == [2, 5]


def test_clusters_are_numbered_by_median_year_then_by_size() -> None:
    years: dict[int, list[int | None]] = {2: [1950, 1960, 2010], 0: [1990], 3: [1990, 1990], 1: [None]}
    labels = np.repeat(list(years), [len(each) for each in years.values()])
    table = pd.Series([year for each in years.values() for year in each], dtype="Int64", index=range(9, 16))
    assert chronological(labels, table).tolist() == [0, 0, 0, 2, 1, 1, 3]


def test_the_quarter_farthest_from_the_centre_is_not_typical() -> None:
    table = pd.DataFrame({"cluster": [0] * 8 + [1], "distance": [*range(8), 99]}, index=range(20, 29))
    assert typical(table).index.tolist() == [20, 21, 22, 23, 24, 25, 28]


def test_the_number_of_threads_changes_no_digit() -> None:
    embedding, found = np.random.default_rng(0).normal(size=(3_000, 8)), set()
    for threads in (1, 2, 3):
        with threadpool_limits(limits=threads):
            found.add(k_means(embedding, 10, seed=1)[1])
    assert len(found) == 1
