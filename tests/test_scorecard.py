"""The scorecard sees fame and kind where they were planted, and nothing where there is nothing."""

import numpy as np
import pandas as pd
import pytest

from stages.scorecard import coherence, genre_matrix, popularity_explained, tag_matrix


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


def test_planted_kinds_are_coherent_and_random_clusters_are_not() -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(4, size=200)
    attributes = np.eye(4)[kind]
    planted, random = coherence(kind, attributes, rng), coherence(rng.permutation(kind), attributes, rng)
    assert planted is not None
    assert random is not None
    assert planted > 50
    assert abs(random) < 4


def test_movies_without_attributes_do_not_count() -> None:
    labels, attributes = np.array([0, 0, 1, 1, 0, 1]), np.eye(2)[[0, 0, 1, 1, 0, 0]]
    attributes[4:] = 0
    found = coherence(labels, attributes, np.random.default_rng(0))
    assert found == coherence(labels[:4], attributes[:4], np.random.default_rng(0))
    assert coherence(labels, np.zeros((6, 2)), np.random.default_rng(0)) is None
    assert coherence(np.zeros(4, dtype=int), np.eye(4), np.random.default_rng(0)) is None


def test_tags_on_too_few_movies_are_left_out_and_rare_ones_weigh_more() -> None:
    rows = [(movie, "common", 1) for movie in range(6)] + [(movie, "rare", 1) for movie in range(3)]
    tags = pd.DataFrame([*rows, (0, "once", 9), (99, "elsewhere", 1)], columns=["movie", "tag", "n_users"])
    found = tag_matrix(tags, pd.Series(range(7)))
    assert list(found) == ["common", "rare"]
    common, rare = found.to_numpy()[0].tolist()
    assert rare > common > 0
    assert found.to_numpy()[6].tolist() == [0, 0]
    assert tag_matrix(tags.iloc[:0], pd.Series(range(7))).shape == (7, 0)


def test_genres_are_columns() -> None:
    assert genre_matrix(pd.Series(["A|B", "", "B"], index=[5, 9, 7])).to_numpy().tolist() == [
        [1, 1],
        [0, 0],
        [0, 1],
    ]
