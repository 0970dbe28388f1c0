"""Clusters are labelled by what distinguishes them, and no two labels are equal."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from stages.clustering.attributes import Attributes
from stages.clustering.labels import distinctive_terms, label_clusters, log_odds_z

Terms = dict[str, list[int]]


def attributes(terms: Terms, n_movies: int) -> Attributes:
    columns = np.array(list(terms.values()), dtype=float).reshape(len(terms), n_movies)
    return Attributes(list(terms), csr_array(columns.T))


def label(labels: np.ndarray, genres: Terms, tags: Terms, years: list[int | None]) -> list[str]:
    terms = distinctive_terms(labels, attributes(genres, len(labels)), attributes(tags, len(labels)))
    return label_clusters(terms, labels, pd.Series(years, dtype="Int64"))


def test_log_odds_by_hand() -> None:
    # 8 of 10 against 2 of 30 movies; prior of 20 movies, of which 10/40 have the term
    count, size = np.array([[8.0], [2.0]]), np.array([[10], [30]])
    expected = (np.log(13 / 17) - np.log(7 / 43)) / np.sqrt(1 / 13 + 1 / 7)
    assert log_odds_z(count, size).ravel().tolist() == pytest.approx([expected, -expected])


def test_shares_are_those_of_the_movies_that_have_the_term() -> None:
    genres = attributes({"War": [1] * 30 + [0] * 10 + [1] + [0] * 9, "Drama": [1] * 50}, 50)
    (row,) = distinctive_terms(np.repeat([0, 1], [40, 10]), genres, attributes({}, 50)).to_dict("records")
    assert (row["cluster"], row["term"], row["kind"]) == (0, "War", "genre")
    assert (row["share"], row["elsewhere"]) == (0.75, 0.1)


def test_a_label_has_genres_then_tags_then_the_period() -> None:
    first, second = [1] * 50 + [0] * 50, [0] * 50 + [1] * 50
    genres = {"Drama": [1] * 100, "Animation": first, "War": second}
    tags = {"!": first, "pixar": [1] * 45 + [0] * 55, "animation": first}
    years: list[int | None] = [*(1995 + i % 10 for i in range(50)), *[None] * 50]
    assert label(np.repeat([0, 1], 50), genres, tags, years) == ["Animation · ! · pixar, 1996–2003", "War"]


def test_clusters_with_the_same_strongest_terms_get_different_labels() -> None:
    labels, both = np.repeat([0, 1, 2], 100), [1] * 200 + [0] * 100
    terms = {"A": both, "B": both, "C": both, "D": [0] * 100 + [1] * 60 + [0] * 140}
    first, second, _ = label(labels, terms, {}, [None] * 300)
    assert first == "A · B · C"
    assert "D" in second
    assert len(set(label(labels, {"War": both}, {}, [2000] * 300))) == 3


def test_a_single_cluster_has_a_label() -> None:
    assert label(np.zeros(5, dtype=int), {"War": [1] * 5}, {}, [1999] * 5) == ["Mixed genres, 1999"]
