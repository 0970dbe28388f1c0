"""cluster: the points of the movies → groups of movies that the same people watch and like."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.kmeans import group
from stages.clustering.labels import distinctive_terms, name_clusters
from stages.clustering.metrics import (
    Attributes,
    coherence,
    genre_matrix,
    popularity_explained,
    silhouette,
    stability,
    tag_matrix,
)
from stages.core import cli
from stages.core.cli import UserError
from stages.core.files import Metrics, write_csv, write_metrics
from stages.core.parameters import Count, Seeded
from stages.movielens.movies import read_movies

STARTS = 10
"""k-means is run from this many starts, and the best kept."""


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
    """Group the MOVIES that have POINTS, name and judge the groups by TAGS.

    Writes CLUSTERS, distinctive TERMS, and METRICS.
    """
    parameters = ClusterParameters.load(params)
    places, table, said = (
        MovieEmbeddings.load(points),
        read_movies(movies),
        pd.read_csv(tags, keep_default_na=False),
    )
    chosen = table.iloc[places.movie]
    groups = Groups.find([places.embedding, *places.replicas], parameters)
    told = distinctive_terms(groups.labels, genre_matrix(chosen["genres"]), shared_tags(said, chosen))
    write_csv(terms, told)
    write_csv(clusters, describe(groups, chosen, name_clusters(told, groups.labels, chosen), places))
    scores = {
        "n_clustered": len(chosen),
        "inertia": groups.inertia,
        **score(groups, chosen, said),
        **without_genres(places, chosen, parameters),
    }
    if len(places.notebook):
        scores["notebook"] = score(Groups.find(list(places.notebook), parameters), table, said)
    write_metrics(metrics, scores)


class Groups(NamedTuple):
    """Clusters of the same movies by several models."""

    places: Float[np.ndarray, "movies dimensions"]
    """Of the first model."""
    labels: Int[np.ndarray, " movies"]
    inertia: float
    others: list[Int[np.ndarray, " movies"]]
    """The clusters by the other models."""

    @classmethod
    def find(
        cls, places: list[Float[np.ndarray, "movies dimensions"]], parameters: ClusterParameters
    ) -> "Groups":
        """Group the movies by each of the models' points; raises UserError when they are too few."""
        if len(places[0]) < parameters.n_clusters:
            raise UserError(
                f"n_clusters is {parameters.n_clusters}, but only {len(places[0])} movies have min_ratings; "
                f"lower n_clusters to at most {len(places[0])}, or min_ratings"
            )
        found = [group(place, parameters.n_clusters, parameters.seed, STARTS) for place in places]
        return cls(places[0], *found[0], [labels for labels, _ in found[1:]])


def score(groups: Groups, movies: pd.DataFrame, tags: pd.DataFrame) -> Metrics:
    """The scorecard; what cannot be measured is left out.

    Genres are an input of the model where `movie_features` names them: their coherence is then no news. Tags
    never are.
    """
    size = np.bincount(groups.labels)
    scores = {
        "silhouette": silhouette(groups.places, groups.labels),
        "smallest": int(size.min()),
        "largest": int(size.max()),
        "popularity_explained": popularity_explained(groups.labels, movies["n_ratings"].to_numpy()),
        "genre_coherence_z": coherence(groups.labels, genre_matrix(movies["genres"])),
        "tag_coherence_z": coherence(groups.labels, tag_matrix(tags, movies["movie"])),
        "stability": stability([groups.labels, *groups.others]),
    }
    return {name: value for name, value in scores.items() if value is not None}


def without_genres(places: MovieEmbeddings, movies: pd.DataFrame, parameters: ClusterParameters) -> Metrics:
    """The coherence of genres by a model that was not told them; nothing where there is no such model."""
    if not len(places.without_genres):
        return {}
    groups = Groups.find(list(places.without_genres), parameters)
    found = coherence(groups.labels, genre_matrix(movies["genres"]))
    return {} if found is None else {"genre_coherence_z_without_genres": found}


def shared_tags(tags: pd.DataFrame, movies: pd.DataFrame) -> Attributes:
    """Tags that more than one person uses: the others would name a cluster after that person's habits."""
    return tag_matrix(tags[tags["n_users_of_tag"] > 1], movies["movie"])


def describe(groups: Groups, movies: pd.DataFrame, names: list[str], places: MovieEmbeddings) -> pd.DataFrame:
    """A row for each clustered movie, with its cluster, its place on the map, and what is expected of it.

    expected: stars that all users would give it on average; deviation: how unsure the model is of these;
    distance: from the centre of its cluster.
    """
    labels = groups.labels
    centre = pd.DataFrame(groups.places).groupby(labels).mean().to_numpy()
    return movies.assign(
        cluster=labels,
        name=np.array(names)[labels],
        x=places.position[:, 0],
        y=places.position[:, 1],
        expected=places.expected.round(3),
        deviation=places.deviation.round(3),
        distance=np.linalg.norm(groups.places - centre[labels], axis=1).round(4),
    )


if __name__ == "__main__":
    cli.run(main)
