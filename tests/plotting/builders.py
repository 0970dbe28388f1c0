"""Clustered movies, as in data/clusters.csv, and the page of a small dataset."""

import numpy as np
import pandas as pd

from stages.movielens.movies import read_movies
from stages.plotting import explorer
from stages.recommender.artifacts import Artifacts
from tests.clustering.builders import movies
from tests.recommender.conftest import CLUSTERED, CLUSTERS

HOSTILE = "</script><script>alert(1)</script><!-- <b>{{data}}"
LISTED = {"cluster": 0, "kind": ["Best known", "Most central", "Hidden gems"], "movie": [1, 5, 3]}


def clustered(n_movies: int = 12, n_clusters: int = 2) -> pd.DataFrame:
    """Movie i is in cluster i % n_clusters, at (i, i) on the map, at distance i from the centre."""
    table = movies(n_movies)
    table["cluster"] = table["movie"] % n_clusters
    table["name"] = table["cluster"].map("Kind {0}, 1990–200{0}".format)
    table["x"] = table["y"] = table["distance"] = table["movie"].astype(float)
    return table.assign(expected=4.0, deviation=0.1)


def small_movies(artifacts: Artifacts) -> pd.DataFrame:
    """The movies of the small data: the one called Nosferatu has a hostile title, Heat has ids elsewhere."""
    table = read_movies(artifacts.data / "prepared" / "movies.csv")
    table.loc[table["title"] == "Nosferatu", "title"] = HOSTILE
    table.loc[table["title"] == "Heat", ["imdb_id", "tmdb_id"]] = [113277, 949]
    return table


def small_clusters(table: pd.DataFrame) -> pd.DataFrame:
    """Those with a cluster, on a grid; the last has no position."""
    found = table.iloc[list(CLUSTERED)].assign(cluster=list(CLUSTERED.values()))
    found["name"] = [CLUSTERS[cluster] for cluster in found["cluster"]]
    found["x"], found["y"] = found["movie"] % 6 * 10.0, found["movie"] // 6 * 10.0
    found.loc[found.index[-1], ["x", "y"]] = None
    return found


def small_page(artifacts: Artifacts, table: pd.DataFrame, clusters: pd.DataFrame) -> str:
    """Nearest neighbours are the movies before and after; the dataset has a hostile name."""
    angle = clusters["movie"].to_numpy() / 100
    embedding = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    listed = (
        pd.DataFrame(LISTED).merge(table, on="movie") if len(clusters) else table.assign(cluster=0, kind="")
    )
    return explorer.page(table, clusters, embedding, listed, artifacts.model, artifacts.ease, HOSTILE)
