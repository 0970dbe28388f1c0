"""report: what the other stages wrote → the tables of results, the listing, the page and the plots."""

import json
from pathlib import Path

import pandas as pd

from stages.clustering.embeddings import MovieEmbeddings
from stages.core import cli, compute, files, seeds
from stages.core.parameters import PARAMS, Count, Seeded
from stages.factorization.model import Model
from stages.movielens.tables import read_movies
from stages.page import explorer
from stages.plotting import charts, listing, results
from stages.plotting.map import movie_map
from stages.ranking.bootstrap import summarise
from stages.ranking.metrics import MODEL
from stages.ranking.score import Ranker


class ReportParameters(Seeded):
    top_movies: Count


def main(
    prepared: Path,
    baselines: Path,
    scores: Path,
    newcomers: Path,
    history: Path,
    clusters: Path,
    terms: Path,
    comparison: Path,
    points: Path,
    model: Path,
    ridge: Path,
    curve: Path,
    tables: Path,
    plots: Path,
    params: Path = PARAMS,
) -> None:
    """Write the TABLES and into PLOTS what the other files show; MODEL and RIDGE recommend in the page."""
    parameters = ReportParameters.load(params)
    statistics = json.loads((prepared / "statistics.json").read_text())
    label = statistics["label"]
    all_movies, clustered = read_movies(prepared / "movies.csv"), read_movies(clusters, "cluster")
    losses, numbers = pd.read_csv(history), pd.read_csv(curve)
    distinctive = pd.read_csv(terms, keep_default_na=False)
    of_users = pd.concat(map(pd.read_csv, (scores, baselines, newcomers)))
    seed = seeds.derive_seed(parameters.seed, "bootstrap")
    parts = {str(name): summarise(part, MODEL, seed) for name, part in of_users.groupby("part", sort=False)}
    n_newcomers = of_users["user"][of_users["part"].str.startswith("after")].nunique()
    compared = pd.read_csv(comparison, index_col="clusters")
    files.write_text(tables, results.page(statistics, parts, n_newcomers, compared))
    print("report: listing and page", flush=True)
    listed = listing.representatives(clustered, parameters.top_movies)
    embedding = MovieEmbeddings.load(points).embedding
    text = listing.page(clustered, listed, distinctive, len(all_movies), label)
    files.write_text(plots / "clusters.md", text)
    estimators = Model.load(model), Ranker.load(ridge)
    with compute.threads_for(int(all_movies["n_ratings"].sum())):
        page = explorer.page(all_movies, clustered, embedding, listed, *estimators, label)
    files.write_text(plots / "explorer.html", page)
    files.write_csv(plots / "n_clusters.csv", numbers.groupby("n_clusters", as_index=False).mean().round(4))
    files.write_csv(plots / "loss.csv", losses.drop(columns="burn_in"))
    print("report: plots", flush=True)
    texts = clustered[["title", "name", "genres"]].map(charts.drawable)
    shown, label = clustered.assign(**texts), charts.drawable(label)
    best = results.best_baseline(parts["validation"], "rmse") if "validation" in parts else None
    baseline = best and (results.METHODS[best[1]], best[0])
    figures = {
        "n_clusters": charts.numbers(numbers, clustered["cluster"].nunique(), label),
        "loss": charts.loss(losses, baseline, label),
        "map": movie_map(shown, label),
        "genres": charts.genres(shown, label),
        "data": charts.data(pd.read_csv(prepared / "histogram.csv"), all_movies["n_ratings"], label),
    }
    for name, figure in figures.items():
        files.write_bytes(plots / f"{name}.png", charts.to_png(figure))
    if "test" in parts:
        print(f"\nTest ratings of {label}:\n\n{results.short(parts['test'])}\n")
    print(f"Results: {tables}. Clusters: {plots / 'clusters.md'}. To get recommendations, open", end=" ")
    print(plots / "explorer.html")


if __name__ == "__main__":
    cli.run(main)
