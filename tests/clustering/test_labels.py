"""Clusters are labelled by what distinguishes them, and no two labels are equal."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from stages.clustering.labels import distinctive_terms, label_clusters, log_odds_z
from stages.clustering.metrics import Attributes

Terms = dict[str, list[int]]


def attributes(terms: Terms, n_movies: int) -> Attributes:
    columns = np.array(list(terms.values()), dtype=float).reshape(len(terms), n_movies)
    return Attributes(list(terms), csr_array(columns.T))


def table(labels: np.ndarray, genres: Terms, years: list[Any] | None = None) -> pd.DataFrame:
    """Movies with the columns cluster, genres and year."""
    own = ["|".join(genre for genre, has in genres.items() if has[movie]) for movie in range(len(labels))]
    return pd.DataFrame({"cluster": labels, "genres": own, "year": pd.Series(years, dtype="Int64")})


def label(labels: np.ndarray, genres: Terms, tags: Terms, years: list[Any]) -> list[str]:
    movies = table(labels, genres, years)
    return label_clusters(distinctive_terms(movies, attributes(tags, len(labels))), movies)


def test_log_odds_by_hand() -> None:
    # 8 of 10 against 2 of 30 movies; prior of 20 movies, of which 10/40 have the term
    count, size = np.array([[8.0], [2.0]]), np.array([[10], [30]])
    expected = (np.log(13 / 17) - np.log(7 / 43)) / np.sqrt(1 / 13 + 1 / 7)
    assert log_odds_z(count, size).ravel().tolist() == pytest.approx([expected, -expected])


def test_shares_and_lifts_are_those_of_the_movies_that_have_the_term() -> None:
    labels, only_here = np.repeat([0, 1], [40, 10]), [1] * 30 + [0] * 20
    genres = {"War": [1] * 30 + [0] * 10 + [1] + [0] * 9, "Drama": [1] * 50}
    found = distinctive_terms(table(labels, genres, [None] * 50), attributes({"odd": only_here}, 50))
    rows = found[["cluster", "term", "kind", "share", "lift"]].to_numpy().tolist()
    assert rows == [[0, "odd", "tag", 0.75, np.inf], [0, "War", "genre", 0.75, 7.5]]


def test_a_label_has_genres_then_tags_then_the_period() -> None:
    first, second = [1] * 50 + [0] * 50, [0] * 50 + [1] * 50
    genres = {"Drama": [1] * 100, "Animation": first, "War": second}
    tags = {"!": first, "pixar": [1] * 45 + [0] * 55, "animation": first}
    years: list[Any] = [*(1995 + i % 10 for i in range(50)), *[None] * 50]
    assert label(np.repeat([0, 1], 50), genres, tags, years) == ["Animation · ! · pixar, 1996–2003", "War"]


def test_a_label_has_no_term_that_few_of_the_movies_have() -> None:
    rare, common = [1] * 14 + [0] * 586, [1] * 30 + [0] * 570
    assert label(np.repeat([0, 1], 300), {"Rare": rare, "Common": common}, {}, [None] * 600)[0] == "Common"


def test_no_two_labels_are_equal_and_a_single_cluster_has_one() -> None:
    labels, both = np.repeat([0, 1, 2], 100), [1] * 200 + [0] * 100
    years = [1990 if row < 100 else 2010 for row in range(300)]
    assert label(labels, {"War": both}, {}, years) == ["War, 1990", "War, 2010", "Mixed genres, 2010"]
    assert len(set(label(labels, {"War": both}, {}, [2000] * 300))) == 3
    assert label(np.zeros(5, dtype=int), {"War": [1] * 5}, {}, [1999] * 5) == ["Mixed genres, 1999"]
