"""Names clusters by what sets them apart: the genres and tags that are commoner in them than elsewhere.

Commoner is measured by the log-odds ratio with an informative Dirichlet prior, in standard deviations:
Monroe, Colaresi & Quinn 2008, "Fightin' Words", equations 15, 16 and 22, so that a word on three movies of
three is no proof.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

PRIOR = 20.0
"""Movies' worth of belief, beforehand, that a cluster is like all others."""
WORDS = 3
SURE = 1.64
"""Standard deviations from which a word may stand in a name: a chance of 1 in 20."""
MIDDLE = (0.1, 0.9)
"""Quantiles of the years between which the period of a cluster lies."""


def distinction(
    has: Float[np.ndarray, "movies words"], labels: Int[np.ndarray, " movies"], n_clusters: int
) -> Float[np.ndarray, "n_clusters words"]:
    """z of the log-odds that a movie of the cluster has the word, against movies of the other clusters."""
    member = np.eye(n_clusters)[labels]
    inside, size = member.T @ has, member.sum(axis=0)[:, None]
    outside, others = has.sum(axis=0) - inside, len(has) - size
    share = has.mean(axis=0)
    prior, prior_without = PRIOR * share, PRIOR * (1 - share)

    def log_odds(count: np.ndarray, total: np.ndarray) -> np.ndarray:
        return np.asarray(np.log((count + prior + 1e-9) / (total - count + prior_without + 1e-9)))

    variance = 1 / (inside + prior + 1e-9) + 1 / (outside + prior + 1e-9)
    return np.asarray((log_odds(inside, size) - log_odds(outside, others)) / np.sqrt(variance))


def name_clusters(
    labels: Int[np.ndarray, " movies"], genres: pd.DataFrame, tags: pd.DataFrame, years: pd.Series
) -> list[str]:
    """A name for each cluster, such as "Animation · Children · pixar, 1989–2010", no two alike.

    `genres` and `tags` have a row for each movie and a column for each word, above 0 where the movie has it.
    """
    n_clusters = int(labels.max()) + 1
    words = [*genres.columns, *tags.columns]
    has = np.concatenate([genres.to_numpy() > 0, tags.to_numpy() > 0], axis=1).astype(float)
    surprise = distinction(has, labels, n_clusters)
    names: list[str] = []
    for cluster in range(n_clusters):
        order = np.argsort(-surprise[cluster], kind="stable")
        chosen = _different([words[i] for i in order if surprise[cluster, i] > SURE])
        period = _period(years[labels == cluster])
        name = " · ".join(chosen[:WORDS]) or "A bit of everything"
        name += f", {period}" if period else ""
        extra = WORDS
        while name in names and extra < len(chosen):
            name, extra = f"{chosen[extra]} · {name}", extra + 1
        names.append(name if name not in names else f"{name} ({cluster})")
    return names


def _different(words: list[str]) -> list[str]:
    """Words of which none says what one before it said: "sci-fi" after "Sci-Fi" is left out."""
    kept: dict[str, str] = {}
    for word in words:
        plain = "".join(character for character in word.casefold() if character.isalnum())
        if not any(plain in other or other in plain for other in kept):
            kept[plain] = word
    return list(kept.values())


def _period(years: pd.Series) -> str:
    """The years in which the middle four fifths of the movies were released."""
    known = years.dropna()
    if known.empty:
        return ""
    first, last = (int(known.astype(int).quantile(part, interpolation="nearest")) for part in MIDDLE)
    return f"{first}–{last}" if first != last else str(first)
