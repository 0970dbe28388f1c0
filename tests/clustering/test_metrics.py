"""Cluster metrics agree with their definitions, and are left out where they are not defined."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from stages.clustering import metrics
from stages.clustering.metrics import Attributes, coherence, popularity_explained, silhouette, stability
from tests.clustering.builders import movies

TWO_PAIRS = np.array([0, 0, 1, 1])


def attributes(weight: np.ndarray) -> Attributes:
    return Attributes([str(term) for term in range(weight.shape[1])], csr_array(weight.astype(float)))


def test_popularity_explained_by_hand() -> None:
    # logs 0, 2, 4, 6 in two clusters with means 1 and 5: variance 4 between, 1 within
    n_ratings = np.exp([0.0, 2.0, 4.0, 6.0]).round().astype(int)
    assert popularity_explained(TWO_PAIRS, n_ratings) == pytest.approx(0.8, abs=0.02)
    assert popularity_explained(TWO_PAIRS, np.array([1, 9, 1, 9])) == 0
    assert popularity_explained(TWO_PAIRS, np.full(4, 7)) is None


def test_coherence_is_the_z_score_over_permuted_labels_of_movies_with_attributes() -> None:
    rng = np.random.default_rng(0)
    labels, weight = rng.integers(4, size=40), rng.random((40, 5)) * (rng.random((40, 5)) > 0.5)
    weight[:, 0] += 0.1 + (labels == 2)
    unit = weight / np.linalg.norm(weight, axis=1, keepdims=True)
    cosine = np.triu(unit @ unit.T, 1)

    def similarity(labels: np.ndarray) -> float:
        return float(cosine[labels[:, None] == labels].sum())

    permuted = [similarity(rng.permutation(labels)) for _ in range(4_000)]
    expected = (similarity(labels) - np.mean(permuted)) / np.std(permuted)
    assert coherence(labels, attributes(weight)) == pytest.approx(expected, rel=0.05)
    more = np.concatenate([weight, np.zeros((2, 5))])
    assert coherence(np.append(labels, [0, 1]), attributes(more)) == coherence(labels, attributes(weight))


UNDEFINED = {
    "no attributes": (TWO_PAIRS, np.zeros((4, 2))),
    "one cluster": (np.zeros(4, dtype=int), np.eye(4)),
    "a cluster each": (np.arange(4), np.eye(4)),
    "too few movies": (np.array([0, 0, 1]), np.eye(3)),
    "all equal": (TWO_PAIRS, np.ones((4, 1))),
}


@pytest.mark.parametrize(("labels", "weight"), UNDEFINED.values(), ids=UNDEFINED)
def test_coherence_is_undefined(labels: np.ndarray, weight: np.ndarray) -> None:
    assert coherence(labels, attributes(weight)) is None


def test_silhouette_and_stability_by_hand() -> None:
    embedding = np.array([[0.0], [0.1], [5.0], [5.1]])
    assert silhouette(embedding, TWO_PAIRS) == pytest.approx(0.98, abs=0.005)
    assert silhouette(embedding, np.arange(4)) is None
    rng = np.random.default_rng(0)
    labels = rng.integers(5, size=2_000)
    assert stability([labels, (labels + 1) % 5, labels]) == pytest.approx(1)
    assert stability([labels, rng.permutation(labels)]) == pytest.approx(0, abs=0.01)


def test_undefined_metrics_are_left_out() -> None:
    one_cluster = [np.zeros(75, dtype=int)]
    found = metrics.cluster_metrics(np.ones((75, 2)), one_cluster, movies(), attributes(np.zeros((75, 1))))
    assert found == {"smallest": 75, "largest": 75, "popularity_explained": pytest.approx(0)}


def test_genres_are_columns_and_so_are_tags_on_three_movies_or_more_with_rare_ones_weighing_more() -> None:
    rows = [(movie, "common", 1) for movie in range(6)] + [(movie, "rare", 1) for movie in range(3)]
    tags = pd.DataFrame([*rows, (0, "once", 9), (99, "elsewhere", 1)], columns=["movie", "tag", "n_users"])
    found = metrics.tag_attributes(tags, pd.Series([6, 0, 1, 2, 3, 4, 5], index=range(10, 17)))
    assert found.terms == ["common", "rare"]
    weight = found.weight.toarray()
    assert weight[1, 1] > weight[1, 0] > 0
    assert weight[[0, 4], 1].tolist() == [0, 0]
    genres = metrics.genre_attributes(pd.Series(["A|B", "", "B"], index=[5, 9, 7]))
    assert genres.terms == ["A", "B"]
    assert genres.weight.toarray().tolist() == [[1, 1], [0, 0], [0, 1]]
