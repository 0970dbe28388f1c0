"""Clusters are named after what distinguishes them, and no two names are equal."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from stages.clustering.labels import distinctive_terms, in_period, log_odds_z, name_clusters
from stages.clustering.metrics import Attributes

Terms = dict[str, list[int]]


def attributes(terms: Terms, n_movies: int) -> Attributes:
    columns = np.array(list(terms.values()), dtype=float).reshape(len(terms), n_movies)
    return Attributes(list(terms), csr_array(columns.T))


def table(labels: np.ndarray, genres: Terms, years: list[Any] | None = None) -> pd.DataFrame:
    """Movies called A, B, …: the first are the best known, and the last the most central."""
    n = len(labels)
    own = ["|".join(genre for genre, has in genres.items() if has[movie]) for movie in range(n)]
    found = pd.DataFrame({"cluster": labels, "genres": own, "year": pd.Series(years, dtype="Int64")})
    titles = [chr(65 + row % 26) + ", The" for row in range(n)]
    return found.assign(title=titles, n_ratings=range(n, 0, -1), distance=range(n, 0, -1))


def names(labels: np.ndarray, genres: Terms, years: list[Any]) -> list[str]:
    movies = table(labels, genres, years)
    return name_clusters(distinctive_terms(movies, attributes({}, len(labels))), movies)


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


def test_a_name_has_the_era_the_surest_genre_and_two_of_the_best_known_movies_of_it() -> None:
    first, second = [1] * 50 + [0] * 50, [0] * 50 + [1] * 50
    genres = {"Drama": [1] * 100, "Sci-Fi": [0] * 5 + first[5:], "War": second}
    years: list[Any] = [*(1994 + i % 3 for i in range(50)), *(1950 + i for i in range(50))]
    # of the ten best known, F to O, the two nearest to the centre
    expected = ["Mid-90s sci-fi: The N, The O", "War 1955–1994: The G, The H"]
    assert names(np.repeat([0, 1], 50), genres, years) == expected


def test_a_name_has_no_format_no_genre_that_few_of_the_movies_have_and_no_era_of_all_clusters() -> None:
    labels = np.repeat([0, 1], 300)
    rare, imax = [1] * 50 + [0] * 550, [1] * 300 + [0] * 300
    found = names(labels, {"Rare": rare, "IMAX": imax}, [1990, 2010] * 300)
    assert all(name.startswith("Hits: ") for name in found)


def test_short_titles_come_first_in_a_name() -> None:
    movies = table(np.zeros(4, dtype=int), {}, [None] * 4).assign(title=["x" * 20, "y" * 20, "Up", "Heat"])
    assert name_clusters(distinctive_terms(movies, attributes({}, 4)), movies) == ["Hits: Up, Heat"]
    movies["title"] = ["x" * 20, "y" * 20, "z" * 20, "Heat"]
    assert name_clusters(distinctive_terms(movies, attributes({}, 4)), movies) == [f"Hits: {'z' * 20}, Heat"]


def test_no_two_names_are_equal_and_a_single_cluster_has_one() -> None:
    labels = np.repeat([0, 1, 2], 26)
    assert len(set(names(labels, {}, [2000] * 78))) == 3
    assert names(np.zeros(1, dtype=int), {"War": [1]}, [1999]) == ["Hits: The A"]


PERIODS = {
    "early 30s war": [1930, 1931, 1932],
    "early 1910s war": [1912],
    "2000s war": [2004, 2008, 2014],
    "late 90s war": [1999],
    "War 1950–1990": [1950, 1990],
    "War": [],
}


@pytest.mark.parametrize(("period", "years"), PERIODS.items())
def test_a_period_of_a_decade_or_less_is_in_words(years: list[int], period: str) -> None:
    assert in_period(pd.Series(years, dtype=int), "War") == period
