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
from torch import Tensor

from stages import command, tensors
from stages.command import UserError
from stages.factorization.association import associate
from stages.factorization.model import NOTEBOOK, Model
from stages.movielens.movies import read_movies
from stages.movielens.ratings import Ratings
from stages.outputs import write_bytes
from stages.params import Parameters, Seed
from stages.places import Places
from stages.projection import draw_map
from stages.randomness import derive

REPLICAS = {
    "embeddings": Float[Tensor, "replicas n_movies latent_factors"],
    "without_genres": Float[Tensor, "untold n_movies latent_factors"],
}
"""The tensors of other trainings."""


class PointsParameters(Parameters):
    """The keys that this stage reads."""

    seed: Seed
    """Root of all randomness."""
    min_ratings: Annotated[int, Field(ge=1)]
    """Movies with fewer ratings are left out."""
    normalize: bool
    """Whether movies are compared by the direction of their factors, not by their length."""
    association: Annotated[float, Field(ge=0, le=100)]
    """Weight of who watches a movie beside how it is liked; 0 for the factors alone."""


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
    others = tensors.load(replicas, REPLICAS, made_by="replicas")
    recipe = tensors.load(notebook, NOTEBOOK, made_by="notebook")
    n_ratings = table["n_ratings"].to_numpy()
    chosen = choose(n_ratings, parameters)
    watched = watch(Ratings.load(train), chosen, parameters)
    places, replicated, genreless = (
        np.stack([place(each.double().numpy()[chosen], watched, parameters) for each in factors])
        if len(factors)
        else np.zeros((0, len(chosen), 0))
        for factors in (fitted.embeddings[None], others["embeddings"], others["without_genres"])
    )
    expected, deviation = (value.numpy()[chosen] for value in fitted.expected_of_everybody())
    found = Places(
        movie=chosen,
        place=places[0],
        others=replicated,
        without_genres=genreless,
        on_map=draw_map(places[0], n_ratings[chosen], parameters.seed),
        expected=expected,
        deviation=deviation,
        notebook=recipe["movie_factors"].double().numpy(),
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
    generator = torch.Generator().manual_seed(derive(parameters.seed, "association"))
    return np.asarray(parameters.association * normalize(associate(train, movies, generator)))


def place(
    liked: Float[np.ndarray, "movies k"],
    watched: Float[np.ndarray, "movies width"],
    parameters: PointsParameters,
) -> Float[np.ndarray, "movies dimensions"]:
    """The points of the movies, by their factors in a model and by who watches them."""
    return np.hstack([normalize(liked) if parameters.normalize else liked, watched])


if __name__ == "__main__":
    command.run(main)
