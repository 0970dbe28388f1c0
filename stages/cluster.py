"""cluster: the models and the movies → groups of movies that the same people watch and like."""

from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from stages import command, tensors
from stages.factorization.model import Model
from stages.groups import GroupsParameters, Points, choose, group
from stages.movielens import catalogue
from stages.movielens.movies import read_movies
from stages.movielens.ratings import Ratings
from stages.names import distinguish, name_clusters
from stages.nearness import Nearness
from stages.outputs import Metrics, write_bytes, write_csv, write_metrics
from stages.projection import draw_map
from stages.scorecard import (
    Attributes,
    coherence,
    genre_matrix,
    popularity_explained,
    silhouette,
    stability,
    tag_matrix,
)

STARTS = 10
"""k-means is run from this many starts, and the best kept."""


class ClusterParameters(GroupsParameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, to mark what is found in generated ratings."""
    n_clusters: Annotated[int, Field(ge=1)]
    """Groups of movies."""


def main(
    model: Path,
    replicas: Path,
    notebook: Path,
    train: Path,
    movies: Path,
    tags: Path,
    clusters: Path,
    words: Path,
    points: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Group MOVIES by MODEL and TRAIN, name and judge the groups by TAGS, REPLICAS and NOTEBOOK.

    Writes CLUSTERS, WORDS that set them apart, the POINTS that were grouped, and METRICS.
    """
    parameters = ClusterParameters.load(params)
    fitted, learned, table = Model.load(model), Ratings.load(train), read_movies(movies)
    others = tensors.load(replicas, {"embeddings", "without_genres"}, made_by="replicas")
    recipe = tensors.load(notebook, {"user_factors", "movie_factors"}, made_by="notebook")
    said = pd.read_csv(tags, keep_default_na=False)
    chosen = choose(table, learned, parameters, at_least=parameters.n_clusters)
    groups = Groups.find([fitted.embeddings, *others["embeddings"]], chosen, parameters.n_clusters)
    told = distinguish(groups.labels, genre_matrix(chosen.movies["genres"]), shared_tags(said, chosen))
    write_csv(words, told)
    write_csv(clusters, describe(groups, chosen, name_clusters(told, groups.labels, chosen.movies), fitted))
    write_bytes(points, Nearness(chosen.movies["movie"].to_numpy(), groups.places).serialize())
    scores = {
        "n_clustered": len(chosen.movies),
        "inertia": groups.inertia,
        **score(groups, chosen.movies, said),
        **without_genres(others["without_genres"], chosen, parameters.n_clusters),
        "notebook": score_notebook(recipe["movie_factors"], table, learned, said, parameters),
    }
    write_metrics(metrics, scores, synthetic=catalogue.is_synthetic(parameters.dataset))


class Groups(NamedTuple):
    """Clusters of the same movies by several models."""

    places: Float[np.ndarray, "movies dimensions"]
    """Of the first model."""
    labels: Int[np.ndarray, " movies"]
    inertia: float
    others: list[Int[np.ndarray, " movies"]]
    """The clusters by the other models."""

    @classmethod
    def find(cls, factors: list[Float[Tensor, "n_movies k"]], points: Points, n_clusters: int) -> "Groups":
        """Group the movies by each of the models' factors."""
        places = [points.place(each) for each in factors]
        found = [group(place, n_clusters, points.parameters.seed, STARTS) for place in places]
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


def without_genres(factors: Float[Tensor, "fits n_movies k"], points: Points, n_clusters: int) -> Metrics:
    """The coherence of genres by a model that was not told them; nothing where there is no such model."""
    if not len(factors):
        return {}
    groups = Groups.find([factors[0]], points, n_clusters)
    found = coherence(groups.labels, genre_matrix(points.movies["genres"]))
    return {} if found is None else {"genre_coherence_z_without_genres": found}


def score_notebook(
    factors: Float[Tensor, "fits n_movies k"],
    movies: pd.DataFrame,
    train: Ratings,
    tags: pd.DataFrame,
    parameters: ClusterParameters,
) -> Metrics:
    """The scorecard of the notebook's clusters: of all movies, by factors as they are."""
    changed = parameters.model_copy(update={"min_ratings": 1, "normalize": False, "association": 0.0})
    points = choose(movies, train, changed, at_least=parameters.n_clusters)
    return score(Groups.find(list(factors), points, parameters.n_clusters), points.movies, tags)


def shared_tags(tags: pd.DataFrame, points: Points) -> Attributes:
    """Tags that more than one person uses: the others would name a cluster after that person's habits."""
    return tag_matrix(tags[tags["n_users_of_tag"] > 1], points.movies["movie"])


def describe(groups: Groups, points: Points, names: list[str], model: Model) -> pd.DataFrame:
    """A row for each clustered movie, with its cluster, its place on the map, and what is expected of it.

    expected: stars that all users would give it on average; deviation: how unsure the model is of these;
    distance: from the centre of its cluster.
    """
    movies, labels = points.movies, groups.labels
    centre = pd.DataFrame(groups.places).groupby(labels).mean().to_numpy()
    expected, deviation = model.expected_of_everybody()
    x, y = draw_map(groups.places, movies["n_ratings"].to_numpy(), points.parameters.seed).T
    return movies.assign(
        cluster=labels,
        name=np.array(names)[labels],
        x=x,
        y=y,
        expected=expected.numpy()[movies["movie"]].round(3),
        deviation=deviation.numpy()[movies["movie"]].round(3),
        distance=np.linalg.norm(groups.places - centre[labels], axis=1).round(4),
    )


if __name__ == "__main__":
    command.run(main)
