"""Cluster labels: the genres and tags that are more common in a cluster than in the others, and its period.

How surely a term is more common is the log-odds ratio with an informative Dirichlet prior, as a z-score:
Monroe, Colaresi & Quinn 2008, "Fightin' Words", equations 15, 16 and 22. A term that only three movies of a
cluster share gets a low z-score.
"""

import re

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_array, hstack

from stages.clustering.metrics import Attributes, genre_attributes

PRIOR = 20.0  # weight of the prior that a cluster is like all others, in movies
MIN_Z = 1.64  # of a distinctive term; exceeded at random in 1 of 20 cases
MIN_SHARE, MIN_SHARE_IN_LABEL = 0.03, 0.05  # of a cluster's movies have a term
MAX_TERMS, MAX_TERMS_IN_LABEL = 12, 3


def distinctive_terms(movies: pd.DataFrame, tags: Attributes) -> pd.DataFrame:
    """cluster, term, kind (genre or tag), share, lift, z: each cluster's terms, the strongest first.

    `movies` has the columns cluster and genres; `tags` has the same rows. `share` is the share of a cluster's
    movies that have the term, `lift` its ratio to the share of all other movies (∞ if none of them has it).
    The strength of a term is z times the logarithm of a smoothed lift.
    """
    labels, genres = movies["cluster"].to_numpy(), genre_attributes(movies["genres"])
    has = csr_array(hstack([genres.weight, tags.weight], format="csr").sign())
    size = np.bincount(labels)[:, None]
    count = np.stack([has[labels == cluster].sum(axis=0) for cluster in range(len(size))])
    share, elsewhere = count / size, (count.sum(axis=0) - count) / np.maximum(len(labels) - size, 1)
    (cluster, column), z = np.indices(count.shape), log_odds_z(count, size)
    columns = {
        "cluster": cluster,
        "term": np.array([*genres.terms, *tags.terms], dtype=object)[column],
        "kind": np.where(column < len(genres.terms), "genre", "tag"),
        "share": share,
        "lift": np.divide(share, elsewhere, out=np.full_like(share, np.inf), where=elsewhere > 0),
        "z": z,
        "strength": z * np.log2((share + MIN_SHARE) / (elsewhere + MIN_SHARE)),
    }
    table = pd.DataFrame({name: value.ravel() for name, value in columns.items()})
    table = table[(table["share"] >= MIN_SHARE) & (table["lift"] > 1) & (table["z"] > MIN_Z)]
    table = table.sort_values(["cluster", "strength"], ascending=[True, False]).drop(columns="strength")
    table = table[table.groupby("cluster")["term"].transform(_not_repeated).astype(bool)]
    return table.groupby("cluster").head(MAX_TERMS).round(3)


def log_odds_z(
    count: Float[np.ndarray, "clusters terms"], size: Int[np.ndarray, "clusters 1"]
) -> Float[np.ndarray, "clusters terms"]:
    """z of the log-odds that a movie of a cluster has a term, compared with movies of the other clusters.

    `count` of the `size` movies of a cluster have the term.
    """
    total, n_movies = count.sum(axis=0), size.sum()
    prior, prior_without, tiny = PRIOR * total / n_movies, PRIOR * (1 - total / n_movies), 1e-9
    log_odds, log_odds_elsewhere = (
        np.log((having + prior + tiny) / (movies - having + prior_without + tiny))
        for having, movies in ((count, size), (total - count, n_movies - size))
    )
    variance = 1 / (count + prior + tiny) + 1 / (total - count + prior + tiny)
    return np.asarray((log_odds - log_odds_elsewhere) / np.sqrt(variance))


def label_clusters(terms: pd.DataFrame, movies: pd.DataFrame) -> list[str]:
    """A unique label for each cluster, such as "Animation · Children · pixar, 1989–2010".

    `terms` is a table as returned by `distinctive_terms`; `movies` has the columns cluster and year. The
    period holds the middle 80 % of the years.
    """
    found: list[str] = []
    for cluster, years in movies.groupby("cluster")["year"]:
        own = terms[(terms["cluster"] == cluster) & (terms["share"] >= MIN_SHARE_IN_LABEL)]
        surest = own.nlargest(MAX_TERMS_IN_LABEL, "z").sort_values("kind", kind="stable")["term"]
        period = years.dropna().astype(int).quantile([0.1, 0.9], interpolation="nearest").dropna()
        parts = [" · ".join(surest) or "Mixed genres", "–".join(map(str, period.astype(int).unique()))]
        label = ", ".join(filter(None, parts))
        found.append(label if label not in found else f"{label} ({cluster})")
    return found


def _not_repeated(terms: pd.Series) -> Bool[np.ndarray, " terms"]:
    """False for each term that repeats an earlier one, as "sci-fi" repeats "Sci-Fi"."""
    plain = [re.sub(r"[\W_]", "", term.casefold()) or term for term in terms]
    repeated = (any(term in other or other in term for other in plain[:i]) for i, term in enumerate(plain))
    return ~np.fromiter(repeated, dtype=bool)
