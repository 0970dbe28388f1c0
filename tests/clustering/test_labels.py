"""Clusters are named by what sets them apart, and no two alike."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from stages.clustering.labels import distinction, distinctive_terms, name_clusters
from stages.clustering.metrics import Attributes

NOTHING = Attributes([], csr_array((0, 0)))


def attributes(words: dict[str, list[int]]) -> Attributes:
    return Attributes(list(words), csr_array(np.array(list(words.values()), dtype=float).T))


def name(labels: np.ndarray, genres: Attributes, tags: Attributes, years: list[int | None]) -> list[str]:
    tags = tags if tags.words else Attributes([], csr_array((len(labels), 0)))
    table = distinctive_terms(labels, genres, tags)
    return name_clusters(table, labels, pd.DataFrame({"year": pd.array(years, dtype="Int64")}))


def test_what_is_common_everywhere_sets_nothing_apart() -> None:
    labels = np.repeat([0, 1], 100)
    everywhere, here = np.ones(200), (labels == 0).astype(float)
    z = distinction(csr_array(np.stack([everywhere, here], axis=1)), labels, n_clusters=2)
    assert abs(z[0, 0]) < 0.1
    assert z[0, 1] > 3
    assert z[1, 1] < -3


def test_a_word_on_a_few_movies_is_less_sure_than_one_on_many() -> None:
    labels = np.repeat([0, 1], 100)
    few, many = np.zeros(200), np.zeros(200)
    few[:3] = 1
    many[:60] = 1
    z = distinction(csr_array(np.stack([few, many], axis=1)), labels, n_clusters=2)
    assert 0 < z[0, 0] < z[0, 1]


def test_shares_are_those_of_the_movies_that_have_the_word() -> None:
    labels = np.repeat([0, 1], [40, 10])
    genres = attributes({"War": [1] * 30 + [0] * 10 + [1] * 1 + [0] * 9})
    row = distinctive_terms(labels, genres, Attributes([], csr_array((50, 0)))).iloc[0]
    assert (row["cluster"], row["word"], row["kind"]) == (0, "War", "genre")
    assert (row["share"], row["elsewhere"]) == (0.75, 0.1)


def test_a_name_has_its_words_genres_first_and_its_period() -> None:
    labels = np.repeat([0, 1], 50)
    genres = attributes({"Drama": [1] * 100, "Animation": [1] * 50 + [0] * 50, "War": [0] * 50 + [1] * 50})
    tags = attributes({"pixar": [1] * 40 + [0] * 60, "animation": [1] * 50 + [0] * 50})
    years: list[int | None] = [*(1995 + i % 10 for i in range(50)), *[None] * 50]
    assert name(labels, genres, tags, years) == ["Animation · pixar, 1996–2003", "War"]


def test_no_two_names_are_alike_and_a_cluster_without_a_word_has_one() -> None:
    labels = np.repeat([0, 1, 2], 40)
    names = name(labels, attributes({"War": [1] * 80 + [0] * 40}), NOTHING, [2000] * 120)
    assert len(set(names)) == 3
    assert all(each.endswith((", 2000", ")")) for each in names)


def test_two_clusters_with_the_same_strongest_words_are_told_apart_by_another() -> None:
    labels = np.repeat([0, 1, 2], 100)
    both = [1] * 200 + [0] * 100
    words = dict.fromkeys(("A", "B", "C"), both)
    words["D"] = [0] * 100 + [1] * 60 + [0] * 140
    first, second, _ = name(labels, attributes(words), NOTHING, [None] * 300)
    assert first == "A · B · C"
    assert set(second.split(" · ")) != {"A", "B", "C"}
    assert "D" in second


def test_names_do_not_depend_on_the_order_of_movies() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=90)
    has = np.stack([rng.random(90) < 0.2 + 0.6 * (labels == i) for i in range(3)]).astype(int)
    order = rng.permutation(90)

    def named(rows: np.ndarray) -> list[str]:
        words = dict(zip("ABC", has[:, rows].tolist(), strict=True))
        return name(labels[rows], attributes(words), NOTHING, [1990] * 90)

    assert named(order) == named(np.arange(90))


def test_a_single_cluster_has_a_name() -> None:
    assert name(np.zeros(5, dtype=int), attributes({"War": [1] * 5}), NOTHING, [1999] * 5) == [
        "A bit of everything, 1999"
    ]
