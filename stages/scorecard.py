"""Whether clusters mean something: how much of them is fame, and whether their movies are of a kind.

Both are compared with clusters of the same sizes filled at random, which is what no meaning looks like.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

PERMUTATIONS = 1_000
FEWEST_MOVIES = 3
"""A tag on fewer movies is left out: it cannot tell what movies have in common."""


def popularity_explained(
    labels: Int[np.ndarray, " movies"], n_ratings: Int[np.ndarray, " movies"]
) -> float | None:
    """η²: the share of the variance of log n_ratings between clusters, 0 to 1; None if there is none."""
    fame = np.log(n_ratings)
    mean = pd.Series(fame).groupby(labels).transform("mean").to_numpy()
    return float(mean.var() / fame.var()) if np.ptp(fame) > 0 else None


def coherence(
    labels: Int[np.ndarray, " movies"],
    attributes: Float[np.ndarray, "movies attributes"],
    rng: np.random.Generator,
) -> float | None:
    """How many standard deviations more alike movies of a cluster are than under permuted labels (z).

    Alike is measured by Σ over clusters ‖Σ a‖² / n, with `a` the movies' attributes at length 1: n times the
    mean cosine of all pairs in the cluster. Movies without an attribute are left out; None if all are.
    """
    known = attributes.any(axis=1)
    _, labels, size = np.unique(labels[known], return_inverse=True, return_counts=True)
    if len(size) < 2:
        return None
    unit = normalize(attributes[known])
    member = np.eye(len(size))[labels].T / np.sqrt(size)[:, None]
    observed = np.square(member @ unit).sum()
    permuted = [np.square(member[:, rng.permutation(len(unit))] @ unit).sum() for _ in range(PERMUTATIONS)]
    spread = float(np.std(permuted))
    return float((observed - np.mean(permuted)) / spread) if spread > 0 else None


def genre_matrix(genres: pd.Series) -> pd.DataFrame:
    """A row for each movie, a column for each genre: 1 where the movie has it."""
    return genres.reset_index(drop=True).str.get_dummies("|").astype(float)


def tag_matrix(tags: pd.DataFrame, movies: pd.Series) -> pd.DataFrame:
    """A row for each of the movies (by index), a column for each tag: how many people gave it, by TF-IDF.

    `tags` has the columns movie, tag and n_users. Tags on fewer than 3 of the movies are left out.
    """
    own = tags[tags["movie"].isin(movies)]
    own = own[own.groupby("tag")["movie"].transform("nunique") >= FEWEST_MOVIES]
    counts = own.pivot_table(index="movie", columns="tag", values="n_users", aggfunc="sum", fill_value=0)
    counts = counts.reindex(movies, fill_value=0).astype(float)
    if counts.empty or not counts.shape[1]:
        return pd.DataFrame(index=range(len(movies)))
    weights = TfidfTransformer().fit_transform(counts.to_numpy()).toarray()
    return pd.DataFrame(weights, columns=counts.columns)
