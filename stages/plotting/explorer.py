"""Writes the movies of the map as one HTML page, to be searched and walked through without a network."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from stages.movielens.title_format import spoken
from stages.plotting.charts import COLOURS

TEMPLATE = Path(__file__).with_suffix(".html")
"""The page without its data; `{{label}}` and `{{data}}` stand where they go."""
HEADINGS = {"best known": "Best known", "most central": "Most central", "hidden gem": "Hidden gems"}
"""What the kinds of listed movies are called on the page."""
DECIMALS = 3
"""Of the places on the map."""


def page(clustered: pd.DataFrame, neighbours: pd.DataFrame, listed: pd.DataFrame, label: str) -> str:
    """The page: a map of the movies of `clustered` that have a place, the same bytes each time.

    `neighbours` (movie, neighbour) has the movies most like each movie, the nearest first, and `listed`
    (cluster, kind, movie) those to be listed for each cluster. What has no place on the map is left out.
    """
    placed = clustered[clustered["x"].notna() & clustered["y"].notna()]
    shown = placed.sort_values("n_ratings", ascending=False, kind="stable")
    position = pd.Series(range(len(shown)), index=shown["movie"])
    content = {
        "label": label,
        "clustered": len(clustered),
        "colours": COLOURS,
        "clusters": _clusters(shown, position, listed),
        "movies": _movies(shown, position, neighbours),
    }
    values = {"label": html.escape(label), "data": _json(content)}
    template = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], template)


def _movies(shown: pd.DataFrame, position: pd.Series, neighbours: pd.DataFrame) -> dict[str, list[Any]]:
    """A list for each column; clusters and near movies are given by their positions on the page."""
    clusters = {cluster: i for i, cluster in enumerate(sorted(shown["cluster"].unique()))}
    on_page = neighbours["movie"].isin(position.index) & neighbours["neighbour"].isin(position.index)
    near = neighbours[on_page].assign(place=neighbours["neighbour"].map(position))
    places = {movie: place.tolist() for movie, place in near.groupby("movie")["place"]}
    return {
        "id": shown["movie_id"].tolist(),
        "title": shown["title"].map(spoken).tolist(),
        "also": shown["title"].where(shown["title"].str.contains("(", regex=False), "").tolist(),
        "year": shown["year"].astype(object).where(shown["year"].notna(), None).tolist(),
        "genres": shown["genres"].str.replace("|", ", ").tolist(),
        "n": shown["n_ratings"].tolist(),
        "mean": shown["mean_rating"].round(2).tolist(),
        "cluster": shown["cluster"].map(clusters).tolist(),
        "x": shown["x"].astype(float).round(DECIMALS).tolist(),
        "y": shown["y"].astype(float).round(DECIMALS).tolist(),
        "near": [places.get(movie, []) for movie in shown["movie"]],
    }


def _clusters(shown: pd.DataFrame, position: pd.Series, listed: pd.DataFrame) -> list[dict[str, Any]]:
    """For each cluster its name, the middle of its movies and their lists."""
    listed = listed[listed["movie"].isin(position.index)]
    clusters: list[dict[str, Any]] = []
    for cluster, movies in shown.groupby("cluster"):
        mine = listed[listed["cluster"] == cluster]
        lists = [
            [heading, position[mine.loc[mine["kind"] == kind, "movie"]].tolist()]
            for kind, heading in HEADINGS.items()
        ]
        clusters.append(
            {
                "id": int(movies["cluster"].iloc[0]),
                "name": movies["name"].iloc[0],
                "size": len(movies),
                "x": round(float(movies["x"].median()), DECIMALS),
                "y": round(float(movies["y"].median()), DECIMALS),
                "lists": [[heading, chosen] for heading, chosen in lists if chosen],
            }
        )
    return clusters


def _json(content: object) -> str:
    """Compact JSON in which no text can end the element that it stands in, or open another."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", r"\u003c")
