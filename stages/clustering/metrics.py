"""Whether clusters mean something: how much of them is fame, and whether their movies are of a kind."""

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from scipy.sparse import coo_array, csr_array
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score
from sklearn.preprocessing import normalize

FEWEST_MOVIES = 3
"""A tag on fewer movies is left out: it cannot tell what movies have in common."""


class PairSums(NamedTuple):
    """Sums over the cells of a symmetric matrix, off its diagonal."""

    total: float
    products: Float[np.ndarray, " 3"]
    """Of the products of two cells that are the same (up to symmetry), that share a row, that share none."""

    @classmethod
    def of(cls, sum_of_row: Float[np.ndarray, " n"], sum_of_squares: float) -> "PairSums":
        """From the sum of each row and the sum of all squares."""
        total, rows = sum_of_row.sum(), np.square(sum_of_row).sum()
        none = total**2 - 4 * rows + 2 * sum_of_squares
        return cls(total, np.array([sum_of_squares, rows - sum_of_squares, none]))


@dataclass(frozen=True)
class Attributes:
    """What movies are said to be, by genres or by tags."""

    words: list[str]
    weight: csr_array
    """A row for each movie, a column for each word; 0 where the movie does not have it."""

    @cached_property
    def known(self) -> Bool[np.ndarray, " movies"]:
        """Which movies have a word."""
        return np.asarray(self.weight.sum(axis=1) > 0)

    @cached_property
    def unit(self) -> csr_array:
        """The rows of those movies, at length 1."""
        return csr_array(normalize(self.weight[self.known]))

    @cached_property
    def similarities(self) -> PairSums:
        """The sums over the cosines U Uᵀ of all pairs of those movies; ‖U Uᵀ‖ is ‖Uᵀ U‖, which is small."""
        squares = float(np.square((self.unit.T @ self.unit).data).sum()) - self.unit.shape[0]
        return PairSums.of(self.unit @ self.unit.sum(axis=0) - 1, squares)


def popularity_explained(
    labels: Int[np.ndarray, " movies"], n_ratings: Int[np.ndarray, " movies"]
) -> float | None:
    """η²: the share of the variance of log n_ratings between clusters, 0 to 1; None if there is none."""
    fame = np.log(n_ratings)
    mean = pd.Series(fame).groupby(labels).transform("mean").to_numpy()
    return float(mean.var() / fame.var()) if np.ptp(fame) > 0 else None


def silhouette(
    points: Float[np.ndarray, "movies dimensions"], labels: Int[np.ndarray, " movies"]
) -> float | None:
    """Mean silhouette (Rousseeuw 1987; -1 to 1); None with one cluster, or as many as there are movies."""
    n_clusters = len(np.unique(labels))
    return float(silhouette_score(points, labels)) if 1 < n_clusters < len(labels) else None


def stability(labelings: list[Int[np.ndarray, " movies"]]) -> float | None:
    """Mean adjusted mutual information of all pairs of clusterings: 1 if they agree, 0 as by chance.

    Vinh, Epps & Bailey 2010, "Information Theoretic Measures for Clusterings Comparison". None without a
    pair.
    """
    pairs = list(itertools.combinations(labelings, 2))
    return float(np.mean([adjusted_mutual_info_score(*pair) for pair in pairs])) if pairs else None


def coherence(labels: Int[np.ndarray, " movies"], attributes: Attributes) -> float | None:
    """How many standard deviations more alike movies of a cluster are than if labels were permuted (z).

    Alike is the mean cosine of the attributes over all pairs of movies in one cluster. Mean and variance are
    those of all n! permutations, from sums over the similarities S of all pairs (Mantel 1967, "The detection
    of disease clustering and a generalized regression approach"). Movies without an attribute are left out;
    None where the rest are of one cluster, or all alike.
    """
    _, labels, size = np.unique(labels[attributes.known], return_inverse=True, return_counts=True)
    n = len(labels)
    if n < 4 or not 1 < len(size) < n:
        return None
    in_cluster = csr_array((np.ones(n), (labels, np.arange(n)))) @ attributes.unit
    observed = in_cluster.power(2).sum() - n
    similar = attributes.similarities
    together = PairSums.of(size[labels] - 1.0, float((size * (size - 1)).sum()))
    ways = np.cumprod([n * (n - 1.0), n - 2.0, n - 3.0])
    mean = together.total * similar.total / ways[0]
    variance = (np.array([2, 4, 1]) * together.products * similar.products / ways).sum() - mean**2
    return float((observed - mean) / np.sqrt(variance)) if variance > 1e-9 * mean**2 else None


def genre_matrix(genres: pd.Series) -> Attributes:
    """1 where a movie has the genre; `genres` are written as in "Action|Drama"."""
    has = genres.reset_index(drop=True).str.get_dummies("|")
    return Attributes(has.columns.tolist(), csr_array(has.to_numpy(dtype=float)))


def tag_matrix(tags: pd.DataFrame, movies: pd.Series) -> Attributes:
    """How many people gave a movie each tag, by TF-IDF; tags on fewer than 3 of the movies are left out.

    `tags` has the columns movie, tag and n_users; `movies` are the indices of the rows.
    """
    own = tags[tags["movie"].isin(movies)]
    own = own[own.groupby("tag")["movie"].transform("nunique") >= FEWEST_MOVIES]
    row = pd.Index(movies).get_indexer(own["movie"])
    column, words = pd.factorize(own["tag"], sort=True)
    counts = coo_array((own["n_users"].to_numpy(dtype=float), (row, column)), (len(movies), len(words)))
    weight = TfidfTransformer().fit_transform(counts.tocsr()) if len(words) else counts
    return Attributes(list(words), csr_array(weight))
