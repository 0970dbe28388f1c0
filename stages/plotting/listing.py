"""The listing of the clusters: which movies stand for each, and the page that a person reads."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from stages.movielens.title_format import spoken

FEW = 5
"""Central movies, and hidden gems, listed for a cluster."""
APART = 6
"""Words listed for a cluster."""
EDGE = 0.75
"""Quantile of the distances from the centre beyond which a movie is at the edge of its cluster."""
BEST_KNOWN, CENTRAL, GEM = "best known", "most central", "hidden gem"


def representatives(clustered: pd.DataFrame, top_movies: int) -> pd.DataFrame:
    """cluster, kind, movie: for each cluster its best-known movies, its most central ones, its hidden gems.

    Central is what lies near the centre. A hidden gem does not lie at the edge of its cluster, has no more
    ratings than half of it, and is expected to get more stars than movies get on average; listed are those of
    which most is expected for sure: the average over all users, less a standard deviation.
    """
    usual = np.average(clustered["mean_rating"], weights=clustered["n_ratings"])
    parts = []
    for cluster, movies in clustered.groupby("cluster"):
        known = movies.sort_values("n_ratings", ascending=False, kind="stable").head(top_movies)
        central = movies.sort_values("distance", kind="stable").head(FEW)
        hidden = movies[
            (movies["distance"] <= movies["distance"].quantile(EDGE))
            & (movies["n_ratings"] <= movies["n_ratings"].median())
            & (movies["expected"] > usual)
        ].drop(index=[*known.index, *central.index], errors="ignore")
        surely = (hidden["expected"] - hidden["deviation"]).sort_values(ascending=False, kind="stable")
        for kind, chosen in ((BEST_KNOWN, known), (CENTRAL, central), (GEM, hidden.loc[surely.index[:FEW]])):
            parts.append(chosen[["movie"]].assign(cluster=cluster, kind=kind))
    found: pd.DataFrame = pd.concat(parts, ignore_index=True)[["cluster", "kind", "movie"]]
    return found


def page(
    clustered: pd.DataFrame, chosen: pd.DataFrame, words: pd.DataFrame, n_movies: int, label: str
) -> str:
    """Markdown: for each cluster its size, what sets it apart, and its representatives (`chosen`)."""
    parts = [
        f"# {clustered['cluster'].nunique()} clusters of movies in {label}",
        f"{len(clustered):,} of {n_movies:,} rated movies have ratings enough to be clustered. Each cluster "
        "holds movies that the same people watch and like. Its name tells the genres and tags that it has "
        "more of than the others, and the years in which most of its movies were released.",
        "Beside the best-known movies, the ones nearest to the centre of the cluster are listed, and its "
        "hidden gems: rated by few, and expected to please more than most, all users taken together.",
    ]
    by_movie = clustered.set_index("movie", drop=False)
    for (cluster, name), movies in clustered.groupby(["cluster", "name"]):
        own = chosen[chosen["cluster"] == cluster]
        known, central, gems = (
            by_movie.loc[own.loc[own["kind"] == kind, "movie"]] for kind in (BEST_KNOWN, CENTRAL, GEM)
        )
        parts += [f"## {cluster}. {name}", _apart(len(movies), words[words["cluster"] == cluster])]
        parts += [_table(known), f"Most central: {_sentence(central, _dated)}."]
        parts += [f"Hidden gems: {_sentence(gems, _promised)}." if len(gems) else "Hidden gems: none."]
    return "\n\n".join(parts) + "\n"


def _apart(size: int, words: pd.DataFrame) -> str:
    shares = [
        f"{_plain(word)} {share:.0%} (elsewhere {elsewhere:.0%})"
        for word, share, elsewhere in words[["word", "share", "elsewhere"]]
        .head(APART)
        .itertuples(index=False)
    ]
    return f"{size:,} movies." + (f" What sets them apart: {', '.join(shares)}." if shares else "")


def _sentence(movies: pd.DataFrame, phrase: Callable[[pd.Series], str]) -> str:
    return ", ".join(phrase(movie) for _, movie in movies.iterrows())


def _dated(movie: pd.Series) -> str:
    year = "" if pd.isna(movie["year"]) else f" ({movie['year']})"
    return f"*{_plain(spoken(movie['title']))}*{year}"


def _promised(movie: pd.Series) -> str:
    return f"{_dated(movie)} {movie['expected']:.1f} stars from {movie['n_ratings']:,} ratings"


def _table(movies: pd.DataFrame) -> str:
    cells = pd.DataFrame(
        {
            "movie": movies["title"].map(spoken).map(_plain),
            "year": movies["year"].astype("string").fillna(""),
            "genres": movies["genres"].str.replace("|", ", "),
            "ratings": movies["n_ratings"].map("{:,}".format),
            "mean, stars": movies["mean_rating"].map("{:.2f}".format),
        }
    )
    rows: list[list[str]] = [
        cells.columns.tolist(),
        ["---", "---", "---", "--:", "--:"],
        *cells.to_numpy().tolist(),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is (M*A*S*H, for one)."""
    return "".join(f"\\{character}" if character in r"\|*_`<[" else character for character in text)
