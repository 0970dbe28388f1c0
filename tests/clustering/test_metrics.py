"""The scorecard sees fame and kind where they were planted, and nothing where there is nothing."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from stages.clustering.metrics import (
    Attributes,
    coherence,
    genre_matrix,
    popularity_explained,
    silhouette,
    stability,
    tag_matrix,
)


def attributes(weight: np.ndarray) -> Attributes:
    return Attributes([str(word) for word in range(weight.shape[1])], csr_array(weight.astype(float)))


def test_clusters_that_are_tiers_of_popularity_are_seen_as_such() -> None:
    labels = np.repeat([0, 1, 2], 10)
    assert popularity_explained(labels, 10 ** (labels + 1)) == pytest.approx(1)
    assert popularity_explained(labels, np.tile([1, 10], 15)) == pytest.approx(0)
    assert popularity_explained(labels, np.full(30, 7)) is None


def test_eta_squared_by_hand() -> None:
    # logs 0, 2, 4, 6 in two clusters with means 1 and 5: between 4, within 1
    counts = np.exp([0.0, 2.0, 4.0, 6.0])
    assert popularity_explained(np.array([0, 0, 1, 1]), counts.round().astype(int)) == pytest.approx(
        0.8, abs=0.02
    )


def test_coherence_is_what_permuted_labels_give() -> None:
    rng = np.random.default_rng(0)
    labels, words = rng.integers(4, size=40), rng.random((40, 5)) * (rng.random((40, 5)) > 0.5)
    words[:, 0] += 0.1 + (labels == 2)
    unit = words / np.linalg.norm(words, axis=1, keepdims=True)
    cosine = np.triu(unit @ unit.T, 1)

    def shared(labels: np.ndarray) -> float:
        return float(cosine[labels[:, None] == labels].sum())

    permuted = [shared(rng.permutation(labels)) for _ in range(4_000)]
    expected = (shared(labels) - np.mean(permuted)) / np.std(permuted)
    assert coherence(labels, attributes(words)) == pytest.approx(expected, rel=0.05)


def test_planted_kinds_are_coherent_and_random_clusters_are_not() -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(4, size=200)
    kinds = attributes(np.eye(4)[kind])
    planted, random = coherence(kind, kinds), coherence(rng.permutation(kind), kinds)
    assert planted is not None
    assert random is not None
    assert planted > 50
    assert abs(random) < 4


def test_movies_without_attributes_do_not_count() -> None:
    labels, words = np.array([0, 0, 1, 1, 0, 1]), np.eye(2)[[0, 0, 1, 1, 0, 0]]
    words[4:] = 0
    assert coherence(labels, attributes(words)) == coherence(labels[:4], attributes(words[:4]))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 0, 1, 1], np.zeros((4, 2))),
        ([0, 0, 0, 0], np.eye(4)),
        ([0, 1, 2, 3], np.eye(4)),
        ([0, 0, 1], np.eye(3)),
        ([0, 0, 1, 1], np.ones((4, 1))),
    ],
    ids=["nothing known", "one cluster", "a cluster each", "too few movies", "all alike"],
)
def test_coherence_is_left_out_where_it_means_nothing(labels: list[int], words: np.ndarray) -> None:
    assert coherence(np.array(labels), attributes(words)) is None


def test_the_silhouette_is_left_out_where_it_is_not_defined() -> None:
    points = np.array([[0.0], [0.1], [5.0], [5.1]])
    assert silhouette(points, np.array([0, 0, 1, 1])) == pytest.approx(0.98, abs=0.005)
    assert silhouette(points, np.zeros(4, dtype=int)) is None
    assert silhouette(points, np.arange(4)) is None


def test_stability_is_one_for_the_same_groups_and_zero_for_unrelated_ones() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(5, size=2_000)
    assert stability([labels, (labels + 1) % 5, labels]) == pytest.approx(1)
    assert stability([labels, rng.permutation(labels)]) == pytest.approx(0, abs=0.01)
    assert stability([labels]) is None


def test_tags_on_too_few_movies_are_left_out_and_rare_ones_weigh_more() -> None:
    rows = [(movie, "common", 1) for movie in range(6)] + [(movie, "rare", 1) for movie in range(3)]
    tags = pd.DataFrame([*rows, (0, "once", 9), (99, "elsewhere", 1)], columns=["movie", "tag", "n_users"])
    found = tag_matrix(tags, pd.Series(range(7)))
    assert found.words == ["common", "rare"]
    weight = found.weight.toarray()
    assert weight[0, 1] > weight[0, 0] > 0
    assert weight[6].tolist() == [0, 0]
    assert tag_matrix(tags.iloc[:0], pd.Series(range(7))).weight.shape == (7, 0)


def test_tags_belong_to_the_rows_of_their_movies() -> None:
    tags = pd.DataFrame({"movie": [9, 4, 7], "tag": "odd", "n_users": 1})
    found = tag_matrix(tags, pd.Series([4, 5, 7, 9], index=[40, 50, 70, 90]))
    assert found.weight.toarray().flatten().tolist() == [1, 0, 1, 1]


def test_genres_are_columns() -> None:
    found = genre_matrix(pd.Series(["A|B", "", "B"], index=[5, 9, 7]))
    assert found.words == ["A", "B"]
    assert found.weight.toarray().tolist() == [[1, 1], [0, 0], [0, 1]]
