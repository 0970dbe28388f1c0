"""Genres and tags of movies as sparse matrices."""

from typing import NamedTuple

import pandas as pd
from scipy.sparse import coo_array, csr_array
from sklearn.feature_extraction.text import TfidfTransformer


class Attributes(NamedTuple):
    """Genres or tags, and their weights: a row for each movie, a column for each term; 0 if it has not it."""

    terms: list[str]
    weight: csr_array


def genre_attributes(genres: pd.Series) -> Attributes:
    """Weight 1 where a movie has the genre; `genres` has values such as "Action|Drama"."""
    has = genres.reset_index(drop=True).str.get_dummies("|")
    return Attributes(has.columns.tolist(), csr_array(has.to_numpy(dtype=float)))


def tag_attributes(tags: pd.DataFrame, movies: pd.Series) -> Attributes:
    """TF-IDF of the number of users who gave a movie each tag; tags on fewer than 3 movies are left out.

    `tags` has the columns movie, tag and n_users; `movies` contains the indices of the rows' movies.
    """
    own = tags[tags["movie"].isin(movies)]
    own = own[own.groupby("tag")["movie"].transform("nunique") >= 3]
    row = pd.Index(movies).get_indexer(own["movie"])
    column, terms = pd.factorize(own["tag"], sort=True)
    counts = coo_array((own["n_users"].to_numpy(dtype=float), (row, column)), (len(movies), len(terms)))
    weight = TfidfTransformer().fit_transform(counts.tocsr()) if len(terms) else counts
    return Attributes(list(terms), csr_array(weight))
