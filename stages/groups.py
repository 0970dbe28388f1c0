"""Movies as points, of which the near ones are of a kind, and groups of these: k-means (scikit-learn).

A point has two parts: how people like the movie (the model's factors) and who watches it (association).
Biases play no part: they say how good a movie is held to be.
"""

from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from pydantic import Field
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize
from torch import Tensor

from stages.command import UserError
from stages.factorization.association import associate
from stages.movielens.ratings import Ratings
from stages.params import Parameters, Seed
from stages.randomness import derive


class GroupsParameters(Parameters):
    """What makes a movie a point."""

    seed: Seed
    """Root of the starts of k-means and of all other randomness."""
    min_ratings: Annotated[int, Field(ge=1)]
    """Movies with fewer ratings are left out."""
    normalize: bool
    """Whether movies are compared by the direction of their factors, not by their length."""
    association: Annotated[float, Field(ge=0, le=100)]
    """Weight of who watches a movie beside how it is liked; 0 for the factors alone."""


class Points(NamedTuple):
    """The movies with enough ratings, as `points` places them."""

    movies: pd.DataFrame
    watched: Float[np.ndarray, "movies width"]
    """The part that the training ratings alone give; no column if it has no weight."""
    parameters: GroupsParameters

    def place(self, factors: Float[Tensor, "n_movies k"]) -> Float[np.ndarray, "movies dimensions"]:
        """The points of the movies, given the factors of a model for all of them."""
        liked = factors.double().numpy()[self.movies["movie"]]
        return np.hstack([normalize(liked) if self.parameters.normalize else liked, self.watched])


def choose(movies: pd.DataFrame, train: Ratings, parameters: GroupsParameters, at_least: int) -> Points:
    """The movies with enough ratings; raises UserError when there are fewer than `at_least` (clusters)."""
    known = movies[movies["n_ratings"] >= parameters.min_ratings]
    if len(known) < at_least:
        raise UserError(
            f"n_clusters is {at_least}, but only {len(known)} of {len(movies)} movies have min_ratings "
            f"{parameters.min_ratings}; lower n_clusters to at most {len(known)}, or min_ratings"
        )
    watched = np.zeros((len(known), 0))
    if parameters.association:
        generator = torch.Generator().manual_seed(derive(parameters.seed, "association"))
        watched = parameters.association * normalize(associate(train, known["movie"].to_numpy(), generator))
    return Points(known, watched, parameters)


def group(
    points: Float[np.ndarray, "movies dimensions"], n_clusters: int, seed: int, starts: int
) -> tuple[Int[np.ndarray, " movies"], float]:
    """The cluster of each movie, and the inertia: the sum of squared distances to the nearest centre.

    Of `starts` runs of k-means the best is kept. Clusters are numbered from 0, the largest first.
    """
    kmeans = KMeans(n_clusters, n_init=starts, random_state=derive(seed, "cluster")).fit(points)
    size = np.bincount(kmeans.labels_, minlength=n_clusters)
    rank = np.argsort(np.argsort(-size, kind="stable"))
    return rank[kmeans.labels_], float(kmeans.inertia_)
