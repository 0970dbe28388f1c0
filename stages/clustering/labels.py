"""Cluster labels: the genres and tags that are more common in a cluster than in the others, and its period.

How surely a term is more common is the log-odds ratio with an informative Dirichlet prior, as a z-score:
Monroe, Colaresi & Quinn 2008, "Fightin' Words", equations 15, 16 and 22. A term that only three movies of a
cluster share gets a low z-score.
"""

import itertools
import re

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_array, hstack

from stages.clustering.attributes import Attributes

PRIOR = 20.0  # weight of the prior that a cluster is like all others, in movies
MIN_Z = 1.64  # of a distinctive term; exceeded at random in 1 of 20 cases
MIN_SHARE, MIN_SHARE_IN_LABEL = 0.01, 0.03  # of a cluster's movies have a term
MAX_TERMS, MAX_TERMS_IN_LABEL = 12, 3


def distinctive_terms(
    labels: Int[np.ndarray, " movies"], genres: Attributes, tags: Attributes
) -> pd.DataFrame:
    """cluster, term, kind (genre or tag), share, elsewhere, z: each cluster's terms, the strongest first.

    `genres` and `tags` have a row for each movie. `share` is the share of the cluster's movies that have the
    term, `elsewhere` that of all other movies. The strength of a term is z times the logarithm of the ratio
    of these shares.
    """
    has = csr_array(hstack([genres.weight, tags.weight], format="csr").sign())
    size = np.bincount(labels)[:, None]
    count = np.stack([has[labels == cluster].sum(axis=0) for cluster in range(len(size))])
    elsewhere = (count.sum(axis=0) - count) / np.maximum(len(labels) - size, 1)
    columns = {
        "cluster": np.repeat(np.arange(len(size)), count.shape[1]),
        "term": [*genres.terms, *tags.terms] * len(size),
        "kind": (["genre"] * len(genres.terms) + ["tag"] * len(tags.terms)) * len(size),
    }
    values = {"share": count / size, "elsewhere": elsewhere, "z": log_odds_z(count, size)}
    table = pd.DataFrame(columns | {name: value.ravel() for name, value in values.items()})
    more_common = table["share"] > table["elsewhere"].clip(lower=MIN_SHARE)
    table = table[more_common & (table["z"] > MIN_Z)]
    ratio = (table["share"] + MIN_SHARE) / (table["elsewhere"] + MIN_SHARE)  # smoothed: a share may be 0
    table = table.assign(strength=table["z"] * np.log2(ratio))
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


def label_clusters(terms: pd.DataFrame, labels: Int[np.ndarray, " movies"], years: pd.Series) -> list[str]:
    """A unique label for each cluster, such as "Animation · Children · pixar, 1989–2010".

    `terms` is a table as returned by `distinctive_terms`; `years` has the year of each movie, or NA. The
    period holds the middle 80 % of the years.
    """
    found: list[str] = []
    used: list[set[str]] = []
    for cluster in range(int(labels.max()) + 1):
        own = terms[(terms["cluster"] == cluster) & (terms["share"] >= MIN_SHARE_IN_LABEL)]
        choices = map(set, itertools.combinations(own["term"], MAX_TERMS_IN_LABEL))
        first = set(own["term"].head(MAX_TERMS_IN_LABEL))
        used.append(next((choice for choice in choices if choice not in used), first))
        genres_first = own[own["term"].isin(used[-1])].sort_values("kind", kind="stable")["term"]
        period = years[labels == cluster].dropna().astype(int).quantile([0.1, 0.9], interpolation="nearest")
        parts = [" · ".join(genres_first) or "Mixed genres"]
        if period.notna().all():
            parts.append("–".join(map(str, period.astype(int).unique())))
        label = ", ".join(parts)
        found.append(label if label not in found else f"{label} ({cluster})")
    return found


def _not_repeated(terms: pd.Series) -> Bool[np.ndarray, " terms"]:
    """False for each term that repeats an earlier one, as "sci-fi" repeats "Sci-Fi"."""
    earlier: list[str] = []
    new = []
    for term in terms:
        plain = re.sub(r"[\W_]", "", term.casefold()) or term
        new.append(not any(plain in other or other in plain for other in earlier))
        earlier += [plain] if new[-1] else []
    return np.array(new)
