"""report: clusters, errors by epoch and facts of the data → the listing and the plots that a person reads."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.nearest import NearestNeighbours
from stages.core import cli
from stages.core.files import write_bytes, write_csv, write_text
from stages.core.parameters import Count, Parameters
from stages.movielens.movies import read_movies
from stages.plotting import charts, explorer, listing
from stages.plotting import map as movie_map
from stages.plotting.listing import representatives

NEIGHBOURS = 10
"""Nearest movies that the page lists for each."""


class ReportParameters(Parameters):
    """The keys that this stage reads."""

    top_movies: Count


def main(
    dataset: Path,
    movies: Path,
    histogram: Path,
    history: Path,
    clusters: Path,
    terms: Path,
    points: Path,
    curve: Path,
    plots: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Write into PLOTS what MOVIES, HISTOGRAM, HISTORY, CLUSTERS, WORDS, POINTS and CURVE show."""
    parameters = ReportParameters.load(params)
    label = dataset_label(json.loads(dataset.read_text()))
    all_movies, clustered, loss = read_movies(movies), read_movies(clusters), pd.read_csv(history)
    chosen = representatives(clustered, parameters.top_movies)
    apart = pd.read_csv(terms, keep_default_na=False)
    numbers = pd.read_csv(curve)
    write_text(plots / "clusters.md", listing.page(clustered, chosen, apart, len(all_movies), label))
    near = neighbours(clustered, MovieEmbeddings.load(points).neighbours)
    write_text(plots / "explorer.html", explorer.page(clustered, near, chosen, label))
    write_csv(plots / "n_clusters.csv", numbers)
    write_bytes(plots / "n_clusters.png", charts.numbers(numbers, clustered["cluster"].nunique(), label))
    write_csv(plots / "loss.csv", loss)
    write_bytes(plots / "loss.png", charts.loss(loss, label))
    write_bytes(plots / "map.png", movie_map.movie_map(clustered, label))
    write_bytes(plots / "genres.png", charts.genres(clustered, label))
    write_bytes(plots / "data.png", charts.data(pd.read_csv(histogram), all_movies["n_ratings"], label))


def dataset_label(statistics: dict[str, Any]) -> str:
    """The dataset's name in headings, which says when its ratings were generated."""
    return str(statistics["dataset"]) + (" (generated ratings)" if statistics.get("synthetic") else "")


def neighbours(clustered: pd.DataFrame, points: NearestNeighbours) -> pd.DataFrame:
    """movie, neighbour: for each movie on the map the nearest others on it, the nearest first."""
    placed = clustered.loc[clustered["x"].notna(), "movie"]
    on_map = NearestNeighbours(placed.to_numpy(), points.embedding[np.searchsorted(points.movie, placed)])
    rows = [(movie, other) for movie in placed.tolist() for other in on_map.nearest(movie)[0][:NEIGHBOURS]]
    return pd.DataFrame(rows, columns=["movie", "neighbour"])


if __name__ == "__main__":
    cli.run(main)
