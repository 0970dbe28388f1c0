"""Names clusters by what sets them apart: the genres and tags that are commoner in them than elsewhere.

Commoner is measured by the log-odds ratio with an informative Dirichlet prior, in standard deviations:
Monroe, Colaresi & Quinn 2008, "Fightin' Words", equations 15, 16 and 22, so that a word on three movies of
three is no proof.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.sparse import csr_array, hstack

from stages.clustering.metrics import Attributes

PRIOR = 20.0
"""Movies' worth of belief, beforehand, that a cluster is like all others."""
WORDS = 3
SURE = 1.64
"""Standard deviations from which a word may stand in a name: a chance of 1 in 20."""
LEAST = 0.01
"""Share of a cluster's movies that must have a word for it to tell anything; also added to shares before they
are compared, as next to nothing is not much less than that."""
IN_A_NAME = 0.03
"""Share of a cluster's movies that must have a word for it to name the cluster."""
MOST_WORDS = 12
"""Words that are listed for a cluster."""
MIDDLE = (0.1, 0.9)
"""Quantiles of the years between which the period of a cluster lies."""


def distinction(
    has: csr_array, labels: Int[np.ndarray, " movies"], n_clusters: int
) -> Float[np.ndarray, "n_clusters words"]:
    """z of the log-odds that a movie of the cluster has the word, against movies of the other clusters.

    `has` holds a row of 0 and 1 for each movie.
    """
    n_movies = len(labels)
    member = csr_array((np.ones(n_movies), (labels, np.arange(n_movies))), (n_clusters, n_movies))
    inside, size = (member @ has).toarray(), member.sum(axis=1)[:, None]
    count = has.sum(axis=0)
    outside, others, share = count - inside, n_movies - size, count / n_movies
    prior, prior_without = PRIOR * share, PRIOR * (1 - share)

    def log_odds(count: np.ndarray, total: np.ndarray) -> np.ndarray:
        return np.asarray(np.log((count + prior + 1e-9) / (total - count + prior_without + 1e-9)))

    variance = 1 / (inside + prior + 1e-9) + 1 / (outside + prior + 1e-9)
    return np.asarray((log_odds(inside, size) - log_odds(outside, others)) / np.sqrt(variance))


def distinctive_terms(
    labels: Int[np.ndarray, " movies"], genres: Attributes, tags: Attributes
) -> pd.DataFrame:
    """cluster, word, kind (genre or tag), share, elsewhere, z: what sets clusters apart, the strongest first.

    `genres` and `tags` have a row for each movie. `share` is that of the cluster's movies that have the word,
    `elsewhere` that of all others. The strength of a word is how sure it is (z) times how much more of it
    there is.
    """
    n_clusters = int(labels.max()) + 1
    words = pd.DataFrame({"word": [*genres.words, *tags.words]})
    words["kind"] = ["genre"] * len(genres.words) + ["tag"] * len(tags.words)
    has = csr_array(hstack([genres.weight, tags.weight], format="csr").sign())
    surprise = distinction(has, labels, n_clusters)
    parts = []
    for cluster in range(n_clusters):
        inside, outside = (
            has[rows].sum(axis=0) / max(rows.sum(), 1) for rows in (labels == cluster, labels != cluster)
        )
        table = words.assign(cluster=cluster, share=inside, elsewhere=outside, z=surprise[cluster])
        sure = table[(table["z"] > SURE) & (table["share"] > LEAST)]
        strength = sure["z"] * np.log2((sure["share"] + LEAST) / (sure["elsewhere"] + LEAST))
        strongest = sure.loc[strength.sort_values(ascending=False, kind="stable").index]
        parts.append(strongest.loc[_new(strongest["word"])].head(MOST_WORDS))
    found = pd.concat(parts)[["cluster", "word", "kind", "share", "elsewhere", "z"]]
    return found.round(3)


def name_clusters(words: pd.DataFrame, labels: Int[np.ndarray, " movies"], movies: pd.DataFrame) -> list[str]:
    """A name for each cluster, such as "Animation · Children · pixar, 1989–2010", no two alike.

    `words` is a table as by `distinctive_terms`; `movies` has the column year, a row for each of `labels`.
    """
    names: list[str] = []
    used: set[frozenset[str]] = set()
    for cluster in range(int(labels.max()) + 1):
        own = words[(words["cluster"] == cluster) & (words["share"] >= IN_A_NAME)]
        chosen = _unused(own["word"].tolist(), used)
        used.add(frozenset(chosen))
        chosen.sort(key=own.loc[own["kind"] == "tag", "word"].tolist().__contains__)  # genres first
        period = _period(movies["year"][labels == cluster])
        name = " · ".join(chosen) or "A bit of everything"
        name += f", {period}" if period else ""
        names.append(name if name not in names else f"{name} ({cluster})")
    return names


def _unused(words: list[str], used: set[frozenset[str]]) -> list[str]:
    """The first few words; with a later one for the last where another cluster is named by the same."""
    choices = [[*words[: WORDS - 1], last] for last in words[WORDS - 1 :]] or [words]
    return next((choice for choice in choices if frozenset(choice) not in used), choices[0])


def _new(words: pd.Series) -> list[bool]:
    """Which of the words do not say what one before them said, as "sci-fi" does after "Sci-Fi"."""
    said: list[str] = []
    new = []
    for word in words:
        plain = "".join(character for character in word.casefold() if character.isalnum())
        new.append(not any(plain in other or other in plain for other in said))
        said += [plain] if new[-1] else []
    return new


def _period(years: pd.Series) -> str:
    """The years in which the middle four fifths of the movies were released."""
    known = years.dropna()
    if known.empty:
        return ""
    first, last = (int(known.astype(int).quantile(part, interpolation="nearest")) for part in MIDDLE)
    return f"{first}–{last}" if first != last else str(first)
