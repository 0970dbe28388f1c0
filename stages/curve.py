"""curve: the embeddings of the movies → cluster metrics for each number of clusters, by each fit."""

from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.clustering.embeddings import Embedding, MovieEmbeddings
from stages.clustering.kmeans import k_means
from stages.clustering.metrics import Attributes, cluster_metrics, stability, tag_attributes
from stages.core import cli, files
from stages.core.parameters import PARAMS, Seeded
from stages.movielens.tables import read_movies

NUMBERS = [*range(2, 11), 12, 15, 20]  # numbers of clusters that are tried
COLUMNS = "n_clusters silhouette stability genre_coherence_z tag_coherence_z popularity_explained".split()


class CurveParameters(Seeded):
    study: bool


def main(points: Path, movies: Path, tags: Path, curve: Path, params: Path = PARAMS) -> None:
    """Evaluate clusters of the MOVIES by POINTS, with TAGS, for each number of clusters; write CURVE."""
    parameters, table = CurveParameters.load(params), pd.DataFrame(columns=COLUMNS)
    if parameters.study:
        embeddings = MovieEmbeddings.load(points)
        clustered = read_movies(movies).assign(n_ratings=embeddings.n_ratings).iloc[embeddings.movie]
        tagged = tag_attributes(pd.read_csv(tags, keep_default_na=False), clustered["movie"])
        fits = [embeddings.embedding, *embeddings.replicas]
        table = metrics_by_number(fits, clustered, tagged, parameters.seed)
    files.write_csv(curve, table.round(4))


def metrics_by_number(
    fits: list[Embedding], movies: pd.DataFrame, tags: Attributes, seed: int
) -> pd.DataFrame:
    """A row for each fit and each of `NUMBERS` below its distinct embeddings; stability: with other fits."""
    most = len(np.unique(fits[0], axis=0)) - 1
    rows = []
    for n_clusters in tqdm([n for n in NUMBERS if n <= most], desc="curve", unit="number", mininterval=0.5):
        labelings = [k_means(embedding, n_clusters, seed)[0] for embedding in fits]
        for own, (embedding, labels) in enumerate(zip(fits, labelings, strict=True)):
            agreement = [stability([labels, other]) for other in labelings[:own] + labelings[own + 1 :]]
            found = cluster_metrics(embedding, [labels], movies, tags)
            found["stability"] = pd.Series(agreement, dtype=float).mean()
            rows.append({"n_clusters": n_clusters, **found})
    return pd.DataFrame(rows, columns=COLUMNS)


if __name__ == "__main__":
    cli.run(main)
