"""report: clusters, errors by epoch and facts of the data → the listing and the plots that a person reads."""

from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from stages import charts, command
from stages.movielens import catalogue
from stages.movielens.movies import read_movies, spoken
from stages.outputs import write_bytes, write_csv, write_text
from stages.params import Parameters


class ReportParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, for headings."""
    top_movies: Annotated[int, Field(ge=1)]
    """Movies listed per cluster."""


def main(
    movies: Path,
    histogram: Path,
    history: Path,
    clusters: Path,
    plots: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Write into PLOTS what the tables MOVIES, HISTOGRAM, HISTORY and CLUSTERS show."""
    parameters = ReportParameters.load(params)
    label = catalogue.label(parameters.dataset)
    all_movies, clustered, loss = read_movies(movies), read_movies(clusters), pd.read_csv(history)
    write_text(plots / "clusters.md", listing(clustered, len(all_movies), parameters.top_movies, label))
    write_csv(plots / "loss.csv", loss)
    write_bytes(plots / "loss.png", charts.loss(loss, label))
    write_bytes(plots / "map.png", charts.movie_map(clustered, label))
    write_bytes(plots / "genres.png", charts.genres(clustered, label))
    write_bytes(plots / "data.png", charts.data(pd.read_csv(histogram), all_movies["n_ratings"], label))


def listing(clustered: pd.DataFrame, n_movies: int, top_movies: int, label: str) -> str:
    """Markdown: for each cluster its size and its best-known movies."""
    n_clusters = clustered["cluster"].nunique()
    parts = [
        f"# {n_clusters} clusters of movies in {label}",
        f"{len(clustered):,} of {n_movies:,} rated movies have ratings enough to be clustered. Each cluster "
        "holds movies that the same people like, and is named after the genres and tags that it has more of "
        f"than others and the years of most of its movies. Listed are the {top_movies} most rated.",
    ]
    for (cluster, name), movies in clustered.groupby(["cluster", "name"]):
        known = movies.sort_values("n_ratings", ascending=False, kind="stable").head(top_movies)
        parts.append(f"## {cluster}. {name}")
        parts.append(f"{len(movies):,} movies.")
        parts.append(_table(known))
    return "\n\n".join(parts) + "\n"


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


if __name__ == "__main__":
    command.run(main)
