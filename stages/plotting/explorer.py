"""Writes the map of the movies as one HTML page, to be searched and explored without a network."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from stages.clustering.nearest import nearest_rows
from stages.movielens.title_format import spoken
from stages.plotting.charts import COLOURS
from stages.plotting.listing import KINDS

TEMPLATE = Path(__file__).with_suffix(".html")  # with placeholders {{label}} and {{data}}
NEIGHBOURS = 10

Embedding = Float[np.ndarray, "movies dimensions"]


def page(clustered: pd.DataFrame, embedding: Embedding, listed: pd.DataFrame, label: str) -> str:
    """The page: a map of the movies of `clustered` that have a position, the most rated first.

    `embedding` has a row for each movie of `clustered`; `listed` has the representatives of the clusters.
    """
    clustered = clustered.reset_index(drop=True).round({"mean_rating": 2, "x": 3, "y": 3})
    shown = clustered[clustered["x"].notna()].sort_values("n_ratings", ascending=False, kind="stable")
    content = {
        "label": label,
        "clustered": len(clustered),
        "colours": COLOURS,
        "clusters": _clusters(shown.reset_index(drop=True), listed),
        "movies": {
            "id": shown["movie_id"].tolist(),
            "title": shown["title"].map(spoken).tolist(),
            "also": shown["title"].where(shown["title"].str.contains("(", regex=False), "").tolist(),
            "year": shown["year"].astype(object).where(shown["year"].notna(), None).tolist(),
            "genres": shown["genres"].str.replace("|", ", ").tolist(),
            "n": shown["n_ratings"].tolist(),
            "mean": shown["mean_rating"].tolist(),
            "cluster": shown["cluster"].rank(method="dense").sub(1).astype(int).tolist(),
            "x": shown["x"].tolist(),
            "y": shown["y"].tolist(),
            "near": nearest_rows(embedding[shown.index], NEIGHBOURS).tolist(),
        },
    }
    # "<" is escaped so that no text can end the script element
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    values = {"label": html.escape(label), "data": text.replace("<", r"\u003c")}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], TEMPLATE.read_text(encoding="utf-8"))


def _clusters(shown: pd.DataFrame, listed: pd.DataFrame) -> list[dict[str, object]]:
    """For each cluster its id, name, size, median position, and lists of representatives (as rows)."""
    row = pd.Series(shown.index, index=shown["movie"])
    listed = listed[listed["movie"].isin(shown["movie"])]
    clusters = []
    for cluster, movies in shown.groupby("cluster"):
        own = listed[listed["cluster"] == cluster]
        members = {kind: own.loc[own["kind"] == kind, "movie"] for kind in KINDS}
        clusters.append(
            {
                "id": cluster,
                "name": movies["name"].iloc[0],
                "size": len(movies),
                "x": round(float(movies["x"].median()), 3),
                "y": round(float(movies["y"].median()), 3),
                "lists": [[kind, row[ids].tolist()] for kind, ids in members.items() if len(ids)],
            }
        )
    return clusters
