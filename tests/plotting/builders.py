"""Clustered movies, as in data/clusters.csv."""

import pandas as pd

from tests.clustering.builders import movies


def clustered(n_movies: int = 12, n_clusters: int = 2) -> pd.DataFrame:
    """Movie i is in cluster i % n_clusters, at (i, i) on the map, at distance i from the centre."""
    table = movies(n_movies)
    table["cluster"] = table["movie"] % n_clusters
    table["name"] = table["cluster"].map("Kind {0}, 1990–200{0}".format)
    table["x"] = table["y"] = table["distance"] = table["movie"].astype(float)
    return table.assign(expected=4.0, deviation=0.1)
