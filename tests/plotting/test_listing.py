"""Each cluster is represented by its best-known and most central movies and by hidden gems."""

import re
from typing import Any

import numpy as np
import pandas as pd

from stages.plotting.listing import BEST_KNOWN, CENTRAL, GEM, page, representatives
from tests.plotting.builders import clustered

TERMS = pd.DataFrame(
    {"cluster": [0, 0, 1], "term": ["Western", "Musical", "odd"], "lift": [2.55, 18.4, np.inf]}
)


def listed(table: pd.DataFrame, kind: str) -> Any:
    found = representatives(table, top_movies=3)
    return found.loc[found["kind"] == kind, "movie"].tolist()


def one_cluster(**columns: Any) -> pd.DataFrame:
    """20 movies; the farther from the centre, the fewer ratings."""
    found = clustered(20, 1)
    return found.assign(distance=20.0 - found["movie"], expected=4 + found["movie"] / 100).assign(**columns)


def test_the_best_known_have_most_ratings_and_the_central_the_smallest_distance() -> None:
    assert listed(one_cluster(), BEST_KNOWN) == [19, 18, 17]
    assert listed(one_cluster(distance=range(20)), CENTRAL) == [0, 1, 2, 3, 4]


def test_gems_are_the_best_of_the_little_known_that_are_not_at_the_edge() -> None:
    # of 20 movies, the five farthest (0 to 4) are at the edge, and ten (0 to 9) are little known
    table = one_cluster()
    assert listed(table, GEM) == [9, 8, 7, 6, 5]
    table.loc[9, "expected"] = 3.4  # below the mean of all ratings
    table.loc[8, "deviation"] = 0.9
    assert listed(table, GEM) == [7, 6, 5, 8]


def test_no_movie_is_listed_as_a_gem_and_as_another_kind() -> None:
    table = clustered(5, 1)
    assert not set(listed(table, GEM)) & {*listed(table, BEST_KNOWN), *listed(table, CENTRAL)}


def test_each_cluster_has_a_section_with_its_terms_and_movies() -> None:
    movies = clustered(40)
    text = page(movies, representatives(movies, 2), TERMS, n_movies=75, label="a dataset")
    first, second = text.split("\n## ")[1:]
    assert first.startswith("0. Kind 0, 1990–2000\n")
    assert "Western (2.5 ×), Musical (18 ×)." in first
    assert re.search(r"^\| The Movie \d+ \| \d{4} \| War \| \d+ \| 3\.50 \|$", first, re.MULTILINE)
    assert "odd (only here)." in second


def test_no_text_is_read_as_markup() -> None:
    hostile = "M*A <b> $x$ [a] &lt; _ |"
    movies = clustered().assign(title=hostile, genres=hostile, name=hostile)
    text = page(movies, representatives(movies, 2), TERMS.assign(term=hostile), n_movies=75, label=hostile)
    bare = re.sub(r"\\.", "", text)  # without what is escaped
    assert not set("<$[&_") & set(bare)
    assert {line.count("|") for line in bare.splitlines() if "|" in line} == {6}
