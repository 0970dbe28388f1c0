"""curve: each number of clusters is evaluated by each fit, and the planted number has the best metrics."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import normalize

from stages.clustering.metrics import tag_attributes
from stages.curve import NUMBERS, metrics_by_number
from tests.clustering.builders import movies, planted_factors


def evaluate(*fits: np.ndarray) -> pd.DataFrame:
    table = movies(len(fits[0]))
    no_tags = pd.DataFrame({"movie": [], "tag": pd.Series(dtype="str"), "n_users": []})
    return metrics_by_number(list(fits), table, tag_attributes(no_tags, table["movie"]), seed=1)


def test_the_planted_number_of_clusters_is_best_separated_and_stable() -> None:
    rng, unit = np.random.default_rng(0), normalize(planted_factors())
    by_fit = evaluate(*(unit + rng.normal(0, 0.1, unit.shape) for _ in range(3)))
    assert by_fit["n_clusters"].tolist() == np.repeat(NUMBERS, 3).tolist()
    table = by_fit.groupby("n_clusters").mean()
    assert table["silhouette"].idxmax() == 3
    assert table["stability"][3] > table["stability"][4]
    assert table["tag_coherence_z"].isna().all()


@pytest.mark.parametrize(("embedding", "numbers"), [(np.eye(5), [2, 3, 4]), (np.ones((5, 2)), [])])
def test_there_are_fewer_clusters_than_distinct_movies(embedding: np.ndarray, numbers: list[int]) -> None:
    assert evaluate(embedding)["n_clusters"].tolist() == numbers
