"""cluster: the embeddings of the movies → clusters of movies that the same people watch and like."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from stages.clustering.embeddings import MovieEmbeddings, typical
from stages.clustering.kmeans import Labels, chronological, k_means
from stages.clustering.labels import distinctive_terms, name_clusters
from stages.clustering.metrics import cluster_metrics, coherence, genre_attributes, tag_attributes
from stages.core import cli, files
from stages.core.parameters import PARAMS, Count, Seeded
from stages.movielens.tables import read_movies

DECISIVE = "stability", "tag_coherence_z", "popularity_explained"
"""The metrics that DVC compares."""
KMeans = Callable[[np.ndarray], tuple[Labels, float]]


class ClusterParameters(Seeded):
    n_clusters: Count


def main(
    points: Path,
    movies: Path,
    tags: Path,
    clusters: Path,
    terms: Path,
    comparison: Path,
    metrics: Path,
    params: Path = PARAMS,
) -> None:
    """Cluster the MOVIES by POINTS, label them by TAGS; write CLUSTERS, TERMS, COMPARISON and METRICS."""
    parameters = ClusterParameters.load(params)
    embeddings, table = MovieEmbeddings.load(points), read_movies(movies)
    tag_table = pd.read_csv(tags, keep_default_na=False)
    print(f"cluster: {len(embeddings.movie)} movies: k-means")
    cluster = partial(k_means, n_clusters=parameters.n_clusters, seed=parameters.seed)
    labels, inertia = cluster(embeddings.embedding)
    clustered = clusters_table(embeddings, table.iloc[embeddings.movie], labels)
    members = typical(clustered)
    # a tag of one user would describe a cluster by this user's habits
    shared_tags = tag_attributes(tag_table[tag_table["n_users_of_tag"] > 1], members["movie"])
    distinctive = distinctive_terms(members, shared_tags)
    names = name_clusters(distinctive, members)
    files.write_csv(terms, distinctive)
    files.write_csv(clusters, clustered.assign(name=np.array(names)[clustered["cluster"]]))
    print("cluster: metrics")
    scores = evaluate(embeddings, labels, table, tag_table, cluster)
    scores["model"] |= {"n_movies": len(clustered), "inertia": inertia}
    files.write_csv(comparison, pd.DataFrame(scores).T.rename_axis("clusters").reset_index())
    own = scores["model"]
    files.write_metrics(metrics, {name: own[name] for name in DECISIVE if name in own})


def evaluate(
    embeddings: MovieEmbeddings, labels: Labels, movies: pd.DataFrame, tags: pd.DataFrame, cluster: KMeans
) -> dict[str, dict[str, float]]:
    """Metrics of `labels`, by the model with its replicas; of clusters without genres; of the notebook's."""
    movies = movies.assign(n_ratings=embeddings.n_ratings)
    clustered = movies.iloc[embeddings.movie]
    tagged = tag_attributes(tags, clustered["movie"])
    labelings = [labels, *(cluster(embedding)[0] for embedding in embeddings.replicas)]
    scores = {"model": cluster_metrics(embeddings.embedding, labelings, clustered, tagged)}
    for embedding in embeddings.without_genres:
        z = coherence(cluster(embedding)[0], genre_attributes(clustered["genres"]))
        scores["without genres"] = {} if z is None else {"genre_coherence_z": z}
    if len(embeddings.notebook):
        labelings = [cluster(embedding)[0] for embedding in embeddings.notebook]
        tagged = tag_attributes(tags, movies["movie"])
        scores["notebook"] = cluster_metrics(embeddings.notebook[0], labelings, movies, tagged)
        scores["notebook"]["n_movies"] = len(movies)
    return scores


def clusters_table(embeddings: MovieEmbeddings, movies: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """`movies` with the columns cluster (in chronological order), x, y, expected, deviation and distance.

    x and y are on the map; expected and deviation in stars; distance is to the centre of the cluster.
    """
    centre = pd.DataFrame(embeddings.embedding).groupby(labels).transform("mean").to_numpy()
    return movies.assign(
        cluster=chronological(labels, movies["year"]),
        x=embeddings.position[:, 0],
        y=embeddings.position[:, 1],
        expected=embeddings.expected.round(3),
        deviation=embeddings.deviation.round(3),
        distance=np.linalg.norm(embeddings.embedding - centre, axis=1).round(4),
    )


if __name__ == "__main__":
    cli.run(main)
