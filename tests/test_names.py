"""Clusters are named by what sets them apart, and no two alike."""

import numpy as np
import pandas as pd

from stages.names import distinction, name_clusters


def matrix(words: dict[str, list[int]]) -> pd.DataFrame:
    return pd.DataFrame(words, dtype=float)


def test_what_is_common_everywhere_sets_nothing_apart() -> None:
    labels = np.repeat([0, 1], 100)
    everywhere, here = np.ones(200), (labels == 0).astype(float)
    z = distinction(np.stack([everywhere, here], axis=1), labels, n_clusters=2)
    assert abs(z[0, 0]) < 0.1
    assert z[0, 1] > 3
    assert z[1, 1] < -3


def test_a_word_on_a_few_movies_is_less_sure_than_one_on_many() -> None:
    labels = np.repeat([0, 1], 100)
    few, many = np.zeros(200), np.zeros(200)
    few[:3] = 1
    many[:60] = 1
    z = distinction(np.stack([few, many], axis=1), labels, n_clusters=2)
    assert 0 < z[0, 0] < z[0, 1]


def test_a_name_has_its_words_and_its_period() -> None:
    labels = np.repeat([0, 1], 50)
    genres = matrix({"Drama": [1] * 100, "Animation": [1] * 50 + [0] * 50, "War": [0] * 50 + [1] * 50})
    tags = matrix({"pixar": [1] * 40 + [0] * 60, "animation": [1] * 50 + [0] * 50})
    years = pd.Series([1995 + i % 10 for i in range(50)] + [None] * 50, dtype="Int64")
    assert name_clusters(labels, genres, tags, years) == ["Animation · pixar, 1996–2003", "War"]


def test_no_two_names_are_alike_and_a_cluster_without_a_word_has_one() -> None:
    labels = np.repeat([0, 1, 2], 40)
    genres = matrix({"War": [1] * 80 + [0] * 40})
    names = name_clusters(
        labels, genres, pd.DataFrame(index=range(120)), pd.Series([2000] * 120, dtype="Int64")
    )
    assert len(set(names)) == 3
    assert all(name.endswith((", 2000", ")")) for name in names)


def test_names_do_not_depend_on_the_order_of_movies() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=90)
    genres = matrix(
        {word: (rng.random(90) < 0.2 + 0.6 * (labels == i)).tolist() for i, word in enumerate("ABC")}
    )
    years, none = pd.Series([1990] * 90, dtype="Int64"), pd.DataFrame(index=range(90))
    order = rng.permutation(90)
    shuffled = name_clusters(labels[order], genres.iloc[order], none, years.iloc[order])
    assert shuffled == name_clusters(labels, genres, none, years)
