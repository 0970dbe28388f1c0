"""What distinguishes a cluster: the genres and tags that are more common in it than in the others; its name.

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
from stages.movielens.title_format import spoken

PRIOR = 20.0  # weight of the prior that a cluster is like all others, in movies
MIN_Z = 1.64  # of a distinctive term; exceeded at random in 1 of 20 cases
MIN_SHARE, MAX_TERMS = 0.03, 12  # of a cluster's movies have a term
MIN_SHARE_IN_NAME, MIN_LIFT_IN_NAME = 0.2, 1.5
MIN_YEAR_EXPLAINED = 0.25  # η²: share of the variance of years between clusters
MAX_DECADE, MAX_PART = 12, 6  # years from which on a period is not "90s", or not "mid-90s"
BEST_KNOWN, MAX_TITLE = 10, 14  # movies of a genre, and characters of a title, preferred in names
FORMATS = {"IMAX"}  # that MovieLens lists among the genres


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
    """z of the log-odds that movies of a cluster, `count` of `size`, have a term, against other clusters."""
    total, n_movies = count.sum(axis=0), size.sum()
    prior, prior_without, tiny = PRIOR * total / n_movies, PRIOR * (1 - total / n_movies), 1e-9
    log_odds, log_odds_elsewhere = (
        np.log((having + prior + tiny) / (movies - having + prior_without + tiny))
        for having, movies in ((count, size), (total - count, n_movies - size))
    )
    variance = 1 / (count + prior + tiny) + 1 / (total - count + prior + tiny)
    return np.asarray((log_odds - log_odds_elsewhere) / np.sqrt(variance))


def name_clusters(terms: pd.DataFrame, movies: pd.DataFrame) -> list[str]:
    """A unique name for each cluster, such as "Mid-90s hits: Batman Forever, Ghost" or "Drama 1948–1994: …".

    `terms` is a table as returned by `distinctive_terms`; `movies` has the columns cluster, title, year,
    genres, n_ratings and distance. A name has the era of most movies if eras explain which cluster a movie is
    in, their surest genre, and of the best-known movies of that genre the two nearest to the centre.
    """
    year, names = movies["year"].astype(float), list[str]()
    deviation = year - year.groupby(movies["cluster"]).transform("mean")
    dated = deviation.var() < (1 - MIN_YEAR_EXPLAINED) * year.var()
    usable = terms[(terms["kind"] == "genre") & ~terms["term"].isin(FORMATS)]
    usable = usable[(usable["share"] >= MIN_SHARE_IN_NAME) & (usable["lift"] >= MIN_LIFT_IN_NAME)]
    for cluster, own in movies.groupby("cluster"):
        genre = "".join(usable[usable["cluster"] == cluster].nlargest(1, "z")["term"])
        known = own[("|" + own["genres"] + "|").str.contains(f"|{genre}|" if genre else "", regex=False)]
        known = known.nlargest(BEST_KNOWN, "n_ratings").assign(title=known["title"].map(spoken))
        known["long"] = known["title"].str.len() > MAX_TITLE
        films = known.loc[known.index.isin(known.sort_values(["long", "distance"]).index[:2]), "title"]
        kind = in_period(own["year"].dropna().astype(int), genre or "hits") if dated else genre or "Hits"
        name = f"{kind[:1].upper()}{kind[1:]}: {', '.join(films)}"
        names.append(name if name not in names else f"{name} ({cluster})")
    return names


def in_period(years: pd.Series, kind: str) -> str:
    """The kind with the years of the middle 80 % of the movies: in words if they are of one decade or less.

    >>> in_period(pd.Series([1994, 1995, 1996]), "Drama"), in_period(pd.Series([1950, 1990]), "Drama")
    ('mid-90s drama', 'Drama 1950–1990')
    """
    if not len(years):
        return kind
    low, middle, high = years.quantile([0.1, 0.5, 0.9], interpolation="nearest").astype(int).tolist()
    if high - low > MAX_DECADE:
        return f"{kind} {low}–{high}"
    decade = f"{middle // 10 * 10}s"[2 if 1930 <= middle < 2000 else 0 :]
    part = ("early ", "mid-", "late ")[middle % 10 // 4] if high - low <= MAX_PART else ""
    return f"{part}{decade} {kind.lower()}"


def _not_repeated(terms: pd.Series) -> Bool[np.ndarray, " terms"]:
    """False for each term that repeats an earlier one, as "sci-fi" repeats "Sci-Fi"."""
    plain = [re.sub(r"[\W_]", "", term.casefold()) or term for term in terms]
    repeated = (any(term in other or other in term for other in plain[:i]) for i, term in enumerate(plain))
    return ~np.fromiter(repeated, dtype=bool)
