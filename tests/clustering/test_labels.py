"""Clusters are labelled by what distinguishes them, and no two labels are equal."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from stages.clustering.attributes import Attributes
from stages.clustering.labels import distinctive_terms, label_clusters, log_odds_z


def attributes(terms: dict[str, list[int]], n_movies: int) -> Attributes:
    columns = np.array(list(terms.values()), dtype=float).reshape(len(terms), n_movies)
    return Attributes(list(terms), csr_array(columns.T))


def label(
    labels: np.ndarray, genres: dict[str, list[int]], tags: dict[str, list[int]], years: list[int | None]
) -> list[str]:
    terms = distinctive_terms(labels, attributes(genres, len(labels)), attributes(tags, len(labels)))
    return label_clusters(terms, labels, pd.Series(years, dtype="Int64"))


def test_log_odds_by_hand() -> None:
    # 8 of 10 against 2 of 30 movies; prior of 20 movies, of which 10/40 have the term
    count, size = np.array([[8.0], [2.0]]), np.array([[10], [30]])
    difference = np.log(13 / 17) - np.log(7 / 43)
    expected = difference / np.sqrt(1 / 13 + 1 / 7)
    assert log_odds_z(count, size).ravel().tolist() == pytest.approx([expected, -expected])


def test_shares_are_those_of_the_movies_that_have_the_term() -> None:
    labels = np.repeat([0, 1], [40, 10])
    war = attributes({"War": [1] * 30 + [0] * 10 + [1] + [0] * 9, "Drama": [1] * 50}, 50)
    (row,) = distinctive_terms(labels, war, attributes({}, 50)).to_dict("records")
    assert (row["cluster"], row["term"], row["kind"]) == (0, "War", "genre")
    assert (row["share"], row["elsewhere"]) == (0.75, 0.1)


def test_a_label_has_genres_then_tags_then_the_period() -> None:
    labels = np.repeat([0, 1], 50)
    genres = {"Drama": [1] * 100, "Animation": [1] * 50 + [0] * 50, "War": [0] * 50 + [1] * 50}
    tags = {"!": [1] * 50 + [0] * 50, "pixar": [1] * 45 + [0] * 55, "animation": [1] * 50 + [0] * 50}
    years: list[int | None] = [*(1995 + i % 10 for i in range(50)), *[None] * 50]
    assert label(labels, genres, tags, years) == ["Animation · ! · pixar, 1996–2003", "War"]


def test_clusters_with_the_same_strongest_terms_get_different_labels() -> None:
    labels = np.repeat([0, 1, 2], 100)
    terms = dict.fromkeys(("A", "B", "C"), [1] * 200 + [0] * 100)
    terms["D"] = [0] * 100 + [1] * 60 + [0] * 140
    first, second, _ = label(labels, terms, {}, [None] * 300)
    assert first == "A · B · C"
    assert "D" in second
    names = label(labels, {"War": [1] * 200 + [0] * 100}, {}, [2000] * 300)
    assert len(set(names)) == 3


def test_labels_do_not_depend_on_the_order_of_movies() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=90)
    has = np.stack([rng.random(90) < 0.2 + 0.6 * (labels == i) for i in range(3)]).astype(int)

    def labelled(rows: np.ndarray) -> list[str]:
        return label(labels[rows], dict(zip("ABC", has[:, rows].tolist(), strict=True)), {}, [1990] * 90)

    assert labelled(rng.permutation(90)) == labelled(np.arange(90))


def test_a_single_cluster_has_a_label() -> None:
    assert label(np.zeros(5, dtype=int), {"War": [1] * 5}, {}, [1999] * 5) == ["Mixed genres, 1999"]
