"""Clustered movies, as in data/clusters.csv, and the page of a small dataset."""

import re

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb

from stages.movielens.tables import read_movies
from stages.page import explorer
from stages.recommender.artifacts import Artifacts
from tests.clustering.builders import movies
from tests.recommender.builders import CLUSTERED, CLUSTERS

HOSTILE = "</script><script>alert(1)</script><!-- <b>{{data}}"
LISTED = {"cluster": 0, "kind": ["Best known", "Most central", "Hidden gems"], "movie": [1, 5, 3]}


def contrast(*colours: str) -> float:
    """Ratio of the relative luminances of two CSS colours, by WCAG 2."""

    def luminance(colour: str) -> float:
        rgb = np.array(re.findall(r"\d+", colour) if "(" in colour else to_rgb(colour), dtype=float)
        rgb /= 255 if "(" in colour else 1
        return float(
            np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92) @ [0.2126, 0.7152, 0.0722]
        )

    darker, lighter = sorted(luminance(colour) for colour in colours)
    return (lighter + 0.05) / (darker + 0.05)


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
    return explorer.page(table, clusters, embedding, listed, artifacts.model, artifacts.ridge, HOSTILE)
