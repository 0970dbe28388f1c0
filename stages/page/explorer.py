"""Writes one HTML page that needs no network: rate a few films, get recommendations, and explore the map."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from stages.clustering.embeddings import Embedding, nearest_rows, similarity_vectors
from stages.factorization.model import Model
from stages.movielens.title_format import alternatives, spoken
from stages.page.encoding import MAX_MOVIES, encode_draws, encode_ranker
from stages.plotting.charts import COLOURS
from stages.plotting.listing import fill
from stages.ranking.score import Ranker

SCRIPTS = ("recommend.js", "search.js", "films.js", "map.js", "explorer.js")
MODULES = re.compile(r"^import [^;]*;\n|^export ", re.MULTILINE)  # become one script
COLUMNS = "id title also year genres n mean imdb tmdb cluster x y".split()
NEIGHBOURS = 10
ERAS, MAX_STARTERS = 6, 120
ORIGINAL = r"^(.*)\((?!a\.k\.a\.)([^()]*)\)$"  # the title in another language: "Amelie (Fabuleux destin …)"
CLUSTER = '<li><details id="cluster-{}"><summary><span></span><span>{}</span><span>{:,}</span></summary>'
MOVIE = '<li><a href="#movie={movie_id}">{name}</a> {year}</li>'


def page(
    movies: pd.DataFrame,
    clustered: pd.DataFrame,
    embedding: Embedding,
    listed: pd.DataFrame,
    model: Model,
    ranker: Ranker,
    label: str,
) -> str:
    """The page: the most rated `movies`, of which those of `clustered` that have a position are on the map.

    `embedding` has a row for each movie of `clustered`; `listed` has the representatives of the clusters.
    """
    table = movies.sort_values("n_ratings", ascending=False, kind="stable").head(MAX_MOVIES)
    on_map = clustered.set_index("movie")[["cluster", "x", "y"]].astype({"cluster": "Int64"})
    table = table.join(on_map, on="movie").reset_index(drop=True).round({"mean_rating": 2, "x": 2, "y": 2})
    movie, genres = torch.tensor(table["movie"].to_numpy()), movies["genres"].str.get_dummies("|").columns
    vectors = similarity_vectors(embedding, ranker.right.T.numpy()[clustered["movie"]])
    mapped = np.flatnonzero(table["x"].notna())
    place = pd.Index(clustered["movie"]).get_indexer(table["movie"].iloc[mapped])
    content = {
        "label": label,
        "n_movies": len(movies),
        "colours": COLOURS,
        "clusters": clustered.groupby("cluster")["name"].first().to_dict(),
        "movies": _columns(table),
        "starters": _starters(table),
        "near": [mapped[near].tolist() for near in nearest_rows(vectors[place], NEIGHBOURS)],
        "model": {**encode_draws(model, movie), **encode_ranker(ranker, movie, list(genres))},
    }
    # "<" is escaped so that no text can end the script element
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    values = {
        "label": html.escape(label),
        "style": _read("explorer.css"),
        "listing": _listing(clustered, listed),
        "data": text.replace("<", r"\u003c"),
        "script": MODULES.sub("", "".join(map(_read, SCRIPTS))),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], _read("explorer.html"))


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _columns(table: pd.DataFrame) -> dict[str, list[object]]:
    """The `COLUMNS` of the movies as JSON has them, null where a value is missing."""
    also = table["title"].map(lambda title: "|".join(alternatives(title)))
    ids = table["movie_id"].astype(str)  # numbers in JavaScript are exact up to 2⁵³
    table = table.assign(title=table["title"].map(spoken), also=also, movie_id=ids)
    names = {"movie_id": "id", "n_ratings": "n", "mean_rating": "mean", "imdb_id": "imdb", "tmdb_id": "tmdb"}
    columns = table.rename(columns=names)[COLUMNS].astype(object)
    return {str(name): column.where(column.notna(), None).tolist() for name, column in columns.items()}


def _starters(table: pd.DataFrame) -> list[int]:
    """Rows of movies to start from, in rounds: the best known of each era in English and in another language.

    The eras are equally long parts of the years that have 98 % of the ratings.
    """
    years, titles = table["year"].astype(float), table["title"].str.lower().str.extract(ORIGINAL).fillna("")
    names, others = (titles[column].str.findall(r"\w{3,}").map(set) for column in titles)
    translated = [bool(other) and not name & other for name, other in zip(names, others, strict=True)]
    low, high = years.repeat(table["n_ratings"].tolist()).quantile([0.01, 0.99]).fillna(0)
    era = ((years.clip(low, high) - low) / (high - low + 1) * ERAS).fillna(-1) // 1
    groups = [era, pd.Series(translated, table.index)]
    order = pd.DataFrame({"round": table.groupby(groups).cumcount(), "year": table["year"]})
    return order.dropna().sort_values(["round", "year"], kind="stable").index[:MAX_STARTERS].tolist()


def _listing(clustered: pd.DataFrame, listed: pd.DataFrame) -> str:
    """The clusters and their representatives as HTML, of use also without JavaScript."""
    names = listed["title"].map(spoken).map(html.escape)
    listed = listed.assign(name=names, year=listed["year"].astype("string").fillna(""))
    parts = []
    for cluster, movies in clustered.groupby("cluster"):
        name = html.escape(movies["name"].iloc[0])
        parts.append(CLUSTER.format(cluster, f"{cluster}. {name}", len(movies)))
        for kind, own in listed[listed["cluster"] == cluster].groupby("kind", sort=False):
            parts.append(f"<h4>{kind}</h4><ul>{fill(MOVIE, own, separator='')}</ul>")
        parts.append("</details></li>")
    return "".join(parts)
