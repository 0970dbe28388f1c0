"""cluster: the embeddings of the movies → clusters of movies that the same people watch and like."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from stages.clustering.attributes import genre_attributes, tag_attributes
from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.kmeans import k_means
from stages.clustering.labels import distinctive_terms, label_clusters
from stages.clustering.metrics import cluster_metrics, coherence
from stages.core import cli
from stages.core.cli import UserError
from stages.core.files import write_csv, write_metrics
from stages.core.parameters import Count, Seeded
from stages.movielens.movies import read_movies


class ClusterParameters(Seeded):
    """The keys that this stage reads."""

    n_clusters: Count


def main(
    points: Path,
    movies: Path,
    tags: Path,
    clusters: Path,
    terms: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Cluster the MOVIES by POINTS, and label the clusters by TAGS; write CLUSTERS, TERMS and METRICS."""
    parameters = ClusterParameters.load(params)
    fits, table = MovieEmbeddings.load(points), read_movies(movies)
    tag_table = pd.read_csv(tags, keep_default_na=False)
    clustered = table.iloc[fits.movie]
    genres, tagged = genre_attributes(clustered["genres"]), tag_attributes(tag_table, clustered["movie"])
    labelings, inertia = find_clusters([fits.embedding, *fits.replicas], parameters)
    # a tag of one user would label a cluster by this user's habits
    shared_tags = tag_attributes(tag_table[tag_table["n_users_of_tag"] > 1], clustered["movie"])
    distinctive = distinctive_terms(labelings[0], genres, shared_tags)
    names = label_clusters(distinctive, labelings[0], clustered["year"])
    write_csv(terms, distinctive)
    write_csv(clusters, clusters_table(fits, clustered, labelings[0], names))
    scores: dict[str, object] = {"n_clustered": len(clustered), "inertia": inertia}
    scores |= cluster_metrics(fits.embedding, labelings, clustered, tagged)
    if len(fits.without_genres):
        (labels,), _ = find_clusters(fits.without_genres, parameters)
        if (without_genres := coherence(labels, genres)) is not None:
            scores["genre_coherence_z_without_genres"] = without_genres
    if len(fits.notebook):
        labelings, _ = find_clusters(fits.notebook, parameters)
        tagged = tag_attributes(tag_table, table["movie"])
        scores["notebook"] = cluster_metrics(fits.notebook[0], labelings, table, tagged)
    write_metrics(metrics, scores)


def find_clusters(
    fits: Iterable[Float[np.ndarray, "movies dimensions"]], parameters: ClusterParameters
) -> tuple[list[Int[np.ndarray, " movies"]], float]:
    """The clusters of the movies by each fit, and the inertia of the first; UserError for too few movies."""
    found = []
    for embedding in fits:
        if len(embedding) < parameters.n_clusters:
            raise UserError(
                f"n_clusters is {parameters.n_clusters}, but only {len(embedding)} movies have min_ratings; "
                f"lower n_clusters to at most {len(embedding)}, or min_ratings"
            )
        found.append(k_means(embedding, parameters.n_clusters, parameters.seed, n_init=10))
    return [labels for labels, _ in found], found[0][1]


def clusters_table(
    fits: MovieEmbeddings, movies: pd.DataFrame, labels: Int[np.ndarray, " movies"], names: list[str]
) -> pd.DataFrame:
    """`movies` with the columns cluster, name, x, y, expected, deviation and distance.

    x and y are the position on the map; expected and deviation are in stars; distance is to the centre of the
    cluster.
    """
    centre = pd.DataFrame(fits.embedding).groupby(labels).transform("mean").to_numpy()
    return movies.assign(
        cluster=labels,
        name=np.array(names)[labels],
        x=fits.position[:, 0],
        y=fits.position[:, 1],
        expected=fits.expected.round(3),
        deviation=fits.deviation.round(3),
        distance=np.linalg.norm(fits.embedding - centre, axis=1).round(4),
    )


if __name__ == "__main__":
    cli.run(main)
