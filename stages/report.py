"""report: tables of the data, the training and the clusters → the listing, the page and the plots."""

import json
from pathlib import Path

import pandas as pd

from stages.clustering.embeddings import MovieEmbeddings
from stages.core import cli
from stages.core.compute import threads_for
from stages.core.files import write_bytes, write_csv, write_text
from stages.core.parameters import Count, Parameters
from stages.factorization.model import Model
from stages.movielens.movies import read_movies
from stages.plotting import charts, explorer, listing
from stages.plotting.map import movie_map
from stages.ranking.ease import Ease


class ReportParameters(Parameters):
    """The keys that this stage reads."""

    top_movies: Count


def main(
    dataset: Path,
    movies: Path,
    histogram: Path,
    history: Path,
    baselines: Path,
    clusters: Path,
    terms: Path,
    points: Path,
    model: Path,
    ease: Path,
    curve: Path,
    plots: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Write into PLOTS what the other files show; MODEL and EASE recommend movies in the page."""
    parameters = ReportParameters.load(params)
    statistics = json.loads(dataset.read_text())
    label = statistics["dataset"] + (" (generated ratings)" if "synthetic" in statistics else "")
    all_movies, clustered = read_movies(movies), read_movies(clusters)
    losses, numbers = pd.read_csv(history), pd.read_csv(curve)
    distinctive = pd.read_csv(terms, keep_default_na=False)
    listed = listing.representatives(clustered, parameters.top_movies)
    embedding = MovieEmbeddings.load(points).embedding
    write_text(plots / "clusters.md", listing.page(clustered, listed, distinctive, len(all_movies), label))
    estimators = Model.load(model), Ease.load(ease)
    with threads_for(int(all_movies["n_ratings"].sum())):
        page = explorer.page(all_movies, clustered, embedding, listed, *estimators, label)
    write_text(plots / "explorer.html", page)
    write_csv(plots / "n_clusters.csv", numbers)
    write_csv(plots / "loss.csv", losses.drop(columns="burn_in"))
    figures = {
        "n_clusters": charts.numbers(numbers, clustered["cluster"].nunique(), label),
        "loss": charts.loss(losses, json.loads(baselines.read_text()), label),
        "map": movie_map(clustered, label),
        "genres": charts.genres(clustered, label),
        "data": charts.data(pd.read_csv(histogram), all_movies["n_ratings"], label),
    }
    for name, figure in figures.items():
        write_bytes(plots / f"{name}.png", charts.to_png(figure))


if __name__ == "__main__":
    cli.run(main)
