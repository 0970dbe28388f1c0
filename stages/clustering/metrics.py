"""Cluster metrics: separation, stability, popularity bias, and coherence of genres and tags (attributes)."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.sparse import coo_array, csr_array

from stages.clustering.embeddings import Embedding
from stages.clustering.kmeans import Labels

MAX_SILHOUETTE = 3_000  # movies whose distances to each other are computed


class Attributes(NamedTuple):
    """Genres or tags, and a weight for each movie and term: 0 where the movie does not have the term."""

    terms: list[str]
    weight: csr_array


def genre_attributes(genres: pd.Series) -> Attributes:
    """Weight 1 where a movie has the genre; `genres` has values such as "Action|Drama"."""
    row, combinations = pd.factorize(genres)
    has = pd.Series(combinations).str.get_dummies("|")
    return Attributes(has.columns.tolist(), csr_array(has.to_numpy(dtype=float)[row]))


def tag_attributes(tags: pd.DataFrame, movies: pd.Series) -> Attributes:
    """TF-IDF of the number of users who gave a movie each tag; tags on fewer than 3 movies are left out.

    `tags` has the columns movie, tag and n_users; `movies` contains the indices of the rows' movies.
    """
    own = tags[tags["movie"].isin(movies)]
    own = own[own.groupby("tag")["movie"].transform("nunique") >= 3]
    row = pd.Index(movies).get_indexer(own["movie"])
    column, terms = pd.factorize(own["tag"], sort=True)
    counts = coo_array((own["n_users"].to_numpy(dtype=float), (row, column)), (len(movies), len(terms)))
    idf = np.log((1 + len(movies)) / (1 + np.bincount(column, minlength=len(terms)))) + 1
    return Attributes(list(terms), csr_array(counts * idf))


def cluster_metrics(
    embedding: Embedding, labelings: Sequence[Labels], movies: pd.DataFrame, tags: Attributes
) -> dict[str, float]:
    """The defined metrics of a clustering of `movies`, with the columns genres and n_ratings, in training.

    The first of `labelings` has the clusters of `embedding`; the others, by fits with other seeds, are used
    for stability only. Genres are an input of the model if `movie_features` contains them; tags never are.
    """
    labels, size = labelings[0], np.bincount(labelings[0])
    metrics = {
        "silhouette": silhouette(embedding, labels),
        "smallest": int(size.min()),
        "largest": int(size.max()),
        "popularity_explained": popularity_explained(labels, movies["n_ratings"].to_numpy()),
        "genre_coherence_z": coherence(labels, genre_attributes(movies["genres"])),
        "tag_coherence_z": coherence(labels, tags),
        "stability": stability(labelings),
    }
    return {name: value for name, value in metrics.items() if value is not None}


def silhouette(embedding: Embedding, labels: Labels) -> float | None:
    """Mean silhouette (Rousseeuw 1987; -1 to 1); None with one cluster, or as many clusters as movies."""
    from sklearn.metrics import silhouette_score

    if not 1 < len(np.unique(labels)) < len(labels):
        return None
    sample = MAX_SILHOUETTE if len(labels) > MAX_SILHOUETTE else None
    return float(silhouette_score(embedding, labels, sample_size=sample, random_state=0))


def popularity_explained(labels: Labels, n_ratings: Int[np.ndarray, " movies"]) -> float | None:
    """η² (0 to 1): share of the variance of log n_ratings (above 0) between clusters; None without any."""
    popularity = np.log(n_ratings[n_ratings > 0])
    mean = pd.Series(popularity).groupby(labels[n_ratings > 0]).transform("mean").to_numpy()
    return float(mean.var() / popularity.var()) if np.ptp(popularity) > 0 else None


def stability(labelings: Sequence[Labels]) -> float | None:
    """Mean adjusted mutual information of all pairs: 1 if equal, 0 expected at random; None without a pair.

    Vinh, Epps & Bailey 2010, "Information Theoretic Measures for Clusterings Comparison".
    """
    from sklearn.metrics import adjusted_mutual_info_score

    pairs = list(itertools.combinations(labelings, 2))
    return float(np.mean([adjusted_mutual_info_score(*pair) for pair in pairs])) if pairs else None


def coherence(labels: Labels, attributes: Attributes) -> float | None:
    """z-score of how similar the movies of a cluster are, compared with random permutations of the labels.

    Similarity is the mean cosine of the attributes over all pairs of movies in one cluster. Its mean and
    variance over all n! permutations follow from sums over the matrices of similarities and of pairs in one
    cluster (Mantel 1967, "The detection of disease clustering and a generalized regression approach"). Movies
    without attributes are left out; None if the others are in one cluster, or all similar.
    """
    from sklearn.preprocessing import normalize

    known = attributes.weight.sum(axis=1) > 0
    _, labels, size = np.unique(labels[known], return_inverse=True, return_counts=True)
    n = len(labels)
    if n < 4 or not 1 < len(size) < n:
        return None
    unit = csr_array(normalize(attributes.weight[known]))
    observed = (csr_array((np.ones(n), (labels, np.arange(n)))) @ unit).power(2).sum() - n
    squares = np.square((unit.T @ unit).data).sum() - n  # ‖U Uᵀ‖² = ‖Uᵀ U‖², a much smaller matrix
    similarity, similarities = _pair_sums(unit @ unit.sum(axis=0) - 1, squares)
    together, pairs = _pair_sums(size[labels] - 1.0, float((size * (size - 1)).sum()))
    ways = np.cumprod([n * (n - 1.0), n - 2.0, n - 3.0])
    mean = together * similarity / ways[0]
    variance = (np.array([2, 4, 1]) * pairs * similarities / ways).sum() - mean**2
    return float((observed - mean) / np.sqrt(variance)) if variance > 1e-9 * mean**2 else None


def _pair_sums(
    row_sums: Float[np.ndarray, " n"], sum_of_squares: float
) -> tuple[float, Float[np.ndarray, " 3"]]:
    """The sum of a symmetric matrix off its diagonal, and three sums of products of two of its cells.

    The products are of the same cell (up to symmetry), of cells that share a row, and of cells that do not.
    """
    total, rows = row_sums.sum(), np.square(row_sums).sum()
    disjoint = total**2 - 4 * rows + 2 * sum_of_squares
    return total, np.array([sum_of_squares, rows - sum_of_squares, disjoint])
