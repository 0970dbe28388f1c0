"""The listing of the clusters in Markdown, and the movies that represent each cluster."""

import re

import numpy as np
import pandas as pd

from stages.clustering.embeddings import typical
from stages.movielens.title_format import spoken

MAX_CENTRAL, MAX_GEMS, MAX_TERMS = 5, 5, 6
BEST_KNOWN, CENTRAL, GEM = "Best known", "Most central", "Hidden gems"
TABLE = "| movie | year | genres | ratings | mean (stars) |\n| --- | --- | --- | --: | --: |\n"
ROW = "| {title} | {year} | {genres} | {n_ratings:,} | {mean_rating:.2f} |"


def representatives(clustered: pd.DataFrame, top_movies: int) -> pd.DataFrame:
    """The best-known and the most central movies of each cluster, and its hidden gems: rows with a `kind`.

    The best-known are typical of their cluster, not at its edge. A hidden gem is also typical, has at most
    the median number of ratings, and has an expected rating above the mean of all ratings. Gems with the
    highest lower bound, the expected rating minus its standard deviation, come first.
    """
    mean = np.average(clustered["mean_rating"], weights=clustered["n_ratings"])
    median = clustered.groupby("cluster")["n_ratings"].transform("median")
    members = typical(clustered)
    by_ratings = members.sort_values("n_ratings", ascending=False, kind="stable")
    known = by_ratings.groupby("cluster").head(top_movies)
    central = members.sort_values("distance", kind="stable").groupby("cluster").head(MAX_CENTRAL)
    hidden = members[
        (members["n_ratings"] <= median[members.index])
        & (members["expected"] > mean)
        & ~members.index.isin([*known.index, *central.index])
    ]
    order = (hidden["deviation"] - hidden["expected"]).sort_values(kind="stable").index
    kinds = {BEST_KNOWN: known, CENTRAL: central, GEM: hidden.loc[order].groupby("cluster").head(MAX_GEMS)}
    found: pd.DataFrame = pd.concat([movies.assign(kind=kind) for kind, movies in kinds.items()])
    return found


def page(
    clustered: pd.DataFrame, listed: pd.DataFrame, terms: pd.DataFrame, n_movies: int, label: str
) -> str:
    """Markdown: for each cluster its size, its distinctive terms, and its representatives (`listed`)."""
    title, genres = listed["title"].map(spoken).map(escape), listed["genres"].str.replace("|", ", ")
    year = listed["year"].astype("string")
    dated = "*" + title + "*" + (" (" + year + ")").fillna("")
    listed = listed.assign(title=title, genres=genres.map(escape), year=year.fillna(""), dated=dated)
    terms = terms.groupby("cluster").head(MAX_TERMS)
    terms = terms.assign(term=terms["term"].map(escape), times=terms["lift"].map(times))
    parts = [
        f"# {clustered['cluster'].nunique()} clusters of movies in {escape(label)}",
        f"{len(clustered):,} of {n_movies:,} rated movies have enough ratings to be clustered. Each cluster "
        "contains movies that the same people watch and like. Its name says when most of its movies were "
        "released, their genre if one is more common than in the other clusters, and two well-known movies. "
        "Clusters are numbered by the year of their movies, the oldest first.",
        "Names and lists leave out the quarter of a cluster that is farthest from its centre. Tables list "
        "the best-known movies. Below are the movies closest to the centre, and hidden gems: movies with few "
        "ratings and a high expected rating, averaged over users.",
    ]
    for cluster, movies in clustered.groupby("cluster"):
        own = listed[listed["cluster"] == cluster]
        known, central, gems = (own[own["kind"] == kind] for kind in (BEST_KNOWN, CENTRAL, GEM))
        distinctive = fill("{term} ({times})", terms[terms["cluster"] == cluster])
        hidden = fill("{dated} {expected:.1f} stars expected ({n_ratings:,} ratings)", gems)
        parts += [
            f"## {cluster}. {escape(movies['name'].iloc[0])}",
            f"{len(movies):,} movies. More often than in other clusters: {distinctive or 'nothing'}.",
            TABLE + fill(ROW, known, separator="\n"),
            f"Most central: {fill('{dated}', central)}.",
            f"Hidden gems: {hidden or 'none'}.",
        ]
    return "\n\n".join(parts) + "\n"


def fill(template: str, rows: pd.DataFrame, separator: str = ", ") -> str:
    """The template with the columns of each row."""
    return separator.join(template.format_map(row) for row in rows.to_dict("records"))


def times(lift: float) -> str:
    """How many times as often: two digits, such as "2.6 ×" or "120 ×"."""
    return "only here" if np.isinf(lift) else f"{float(f'{lift:.2g}'):g} ×"


def escape(text: str) -> str:
    r"""Text that Markdown shows as it is.

    >>> print(escape("M*A*S*H <b> & $x$"))
    M\*A\*S\*H \<b> & \$x\$
    """
    return re.sub(r"[\\|*_`<\[$~]|&(?=#?\w+;)", r"\\\g<0>", text)
