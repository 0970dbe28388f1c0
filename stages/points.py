"""points: the models and the ratings → movies as points, of which the near ones are of a kind, and their map.

A point has two parts: how people like the movie (the model's factors) and who watches it (association).
Biases play no part: they say how good a movie is held to be.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float, Int
from pydantic import Field
from sklearn.preprocessing import normalize

from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.ppmi import ppmi_embedding
from stages.clustering.tsne import map_positions
from stages.core import cli
from stages.core.cli import UserError
from stages.core.files import write_bytes
from stages.core.parameters import Count, Seeded
from stages.core.seeds import derive_seed
from stages.factorization.factor_files import NotebookFactors, Replicas
from stages.factorization.model import Model
from stages.movielens.movies import read_movies
from stages.movielens.ratings import Ratings


class PointsParameters(Seeded):
    """The keys that this stage reads."""

    min_ratings: Count
    normalize: bool
    association: Annotated[float, Field(ge=0, le=100)]


def main(
    model: Path,
    replicas: Path,
    notebook: Path,
    train: Path,
    movies: Path,
    points: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Place MOVIES with enough ratings by MODEL, REPLICAS, NOTEBOOK and TRAIN; write POINTS."""
    parameters = PointsParameters.load(params)
    fitted, table = Model.load(model), read_movies(movies)
    others = Replicas.load(replicas)
    recipe = NotebookFactors.load(notebook)
    n_ratings = table["n_ratings"].to_numpy()
    chosen = choose(n_ratings, parameters)
    watched = watch(Ratings.load(train), chosen, parameters)
    places, replicated, genreless = (
        np.stack([place(each.double().numpy()[chosen], watched, parameters) for each in factors])
        if len(factors)
        else np.zeros((0, len(chosen), 0))
        for factors in (fitted.embeddings[None], others.embeddings, others.without_genres)
    )
    expected, deviation = (value.numpy()[chosen] for value in fitted.expected_of_everybody())
    found = MovieEmbeddings(
        movie=chosen,
        embedding=places[0],
        replicas=replicated,
        without_genres=genreless,
        position=map_positions(places[0], n_ratings[chosen], parameters.seed),
        expected=expected,
        deviation=deviation,
        notebook=recipe.movie_factors.double().numpy(),
    )
    write_bytes(points, found.serialize())


def choose(
    n_ratings: Int[np.ndarray, " n_movies"], parameters: PointsParameters
) -> Int[np.ndarray, " movies"]:
    """The movies with enough ratings; raises UserError when there are none."""
    chosen = np.flatnonzero(n_ratings >= parameters.min_ratings)
    if not len(chosen):
        raise UserError(
            f"min_ratings is {parameters.min_ratings}, but no movie has more than {n_ratings.max()} ratings; "
            "lower it"
        )
    return chosen


def watch(
    train: Ratings, movies: Int[np.ndarray, " movies"], parameters: PointsParameters
) -> Float[np.ndarray, "movies width"]:
    """The part of the points that the training ratings alone give; no column if it has no weight."""
    if not parameters.association:
        return np.zeros((len(movies), 0))
    generator = torch.Generator().manual_seed(derive_seed(parameters.seed, "association"))
    return np.asarray(parameters.association * normalize(ppmi_embedding(train, movies, generator)))


def place(
    liked: Float[np.ndarray, "movies k"],
    watched: Float[np.ndarray, "movies width"],
    parameters: PointsParameters,
) -> Float[np.ndarray, "movies dimensions"]:
    """The points of the movies, by their factors in a model and by who watches them."""
    return np.hstack([normalize(liked) if parameters.normalize else liked, watched])


if __name__ == "__main__":
    cli.run(main)
