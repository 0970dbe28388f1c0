"""report: clusters, errors by epoch and facts of the data → the listing and the plots that a person reads."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from stages import charts, command, explorer, listing, movie_map
from stages.listing import representatives
from stages.movielens import catalogue
from stages.movielens.movies import read_movies
from stages.nearness import Nearness
from stages.outputs import write_bytes, write_csv, write_text
from stages.params import Parameters
from stages.places import Places

NEIGHBOURS = 10
"""Nearest movies that the page lists for each."""


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
    words: Path,
    points: Path,
    curve: Path,
    plots: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Write into PLOTS what MOVIES, HISTOGRAM, HISTORY, CLUSTERS, WORDS, POINTS and CURVE show."""
    parameters = ReportParameters.load(params)
    label = catalogue.label(parameters.dataset)
    all_movies, clustered, loss = read_movies(movies), read_movies(clusters), pd.read_csv(history)
    chosen = representatives(clustered, parameters.top_movies)
    apart = pd.read_csv(words, keep_default_na=False)
    numbers = pd.read_csv(curve)
    write_text(plots / "clusters.md", listing.page(clustered, chosen, apart, len(all_movies), label))
    near = neighbours(clustered, Places.load(points).nearness)
    write_text(plots / "explorer.html", explorer.page(clustered, near, chosen, label))
    write_csv(plots / "n_clusters.csv", numbers)
    write_bytes(plots / "n_clusters.png", charts.numbers(numbers, clustered["cluster"].nunique(), label))
    write_csv(plots / "loss.csv", loss)
    write_bytes(plots / "loss.png", charts.loss(loss, label))
    write_bytes(plots / "map.png", movie_map.movie_map(clustered, label))
    write_bytes(plots / "genres.png", charts.genres(clustered, label))
    write_bytes(plots / "data.png", charts.data(pd.read_csv(histogram), all_movies["n_ratings"], label))


def neighbours(clustered: pd.DataFrame, points: Nearness) -> pd.DataFrame:
    """movie, neighbour: for each movie on the map the nearest others on it, the nearest first."""
    placed = clustered.loc[clustered["x"].notna(), "movie"]
    on_map = Nearness(placed.to_numpy(), points.place[np.searchsorted(points.movie, placed)])
    rows = [(movie, other) for movie in placed.tolist() for other in on_map.nearest(movie)[0][:NEIGHBOURS]]
    return pd.DataFrame(rows, columns=["movie", "neighbour"])


if __name__ == "__main__":
    command.run(main)
