"""points: the models and the ratings → embeddings of the movies, and their positions on the map.

An embedding has two parts: who likes the movie (the model's factors) and who watches it (PPMI). Biases
are left out: they measure how good a movie is, not what kind of movie it is.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from stages.clustering.embeddings import MovieEmbeddings, map_positions, unit_rows
from stages.clustering.ppmi import ppmi_embedding
from stages.core import cli, compute, files, seeds
from stages.core.parameters import PARAMS, Count, Seeded
from stages.factorization.model import Model, NotebookFactors, Replicas
from stages.movielens.ratings import Ratings


class PointsParameters(Seeded):
    min_ratings: Count
    normalize: bool
    association: Annotated[float, Field(ge=0, le=100)]


def main(
    model: Path, replicas: Path, notebook: Path, train: Path, points: Path, params: Path = PARAMS
) -> None:
    """Embed the movies with enough ratings in TRAIN by MODEL, REPLICAS, NOTEBOOK and TRAIN; write POINTS."""
    parameters = PointsParameters.load(params)
    fitted, others, ratings = Model.load(model), Replicas.load(replicas), Ratings.load(train)
    n_ratings = torch.bincount(ratings.movie, minlength=ratings.n_movies).numpy()
    selected = select_movies(n_ratings, parameters.min_ratings)
    print(f"points: {len(selected)} movies: embedding by who watches them")
    audience = embed_audience(ratings, selected, parameters)
    embedding, replicated, without_genres = (
        combine(factors[:, selected], audience, parameters.normalize)
        for factors in (fitted.embeddings[None], others.embeddings, others.without_genres)
    )
    expected, deviation = (value.numpy()[selected] for value in fitted.expected_of_everybody())
    print("points: positions on the map")
    found = MovieEmbeddings(
        movie=selected,
        embedding=embedding[0],
        replicas=replicated,
        without_genres=without_genres,
        position=map_positions(embedding[0], n_ratings[selected], parameters.seed),
        expected=expected,
        deviation=deviation,
        n_ratings=n_ratings,
        notebook=NotebookFactors.load(notebook).movie_factors.double().numpy(),
    )
    files.write_bytes(points, found.serialize())


def select_movies(n_ratings: Int[np.ndarray, " n_movies"], min_ratings: int) -> Int[np.ndarray, " movies"]:
    """The indices of the movies with enough training ratings; raises UserError if there are none."""
    selected = np.flatnonzero(n_ratings >= min_ratings)
    if not len(selected):
        most = f"more than {n_ratings.max()} training ratings"
        raise cli.UserError(f"min_ratings is {min_ratings}, but no movie has {most}; lower it")
    return selected


def embed_audience(
    train: Ratings, movies: Int[np.ndarray, " movies"], parameters: PointsParameters
) -> Float[np.ndarray, "movies width"]:
    """PPMI embeddings of length `association`; width 0 if that is 0."""
    if not parameters.association:
        return np.zeros((len(movies), 0))
    generator = torch.Generator().manual_seed(seeds.derive_seed(parameters.seed, "association"))
    with compute.threads_for(len(train)):
        return np.asarray(parameters.association * unit_rows(ppmi_embedding(train, movies, generator)))


def combine(
    factors: Float[Tensor, "fits movies k"], audience: Float[np.ndarray, "movies width"], unit_length: bool
) -> Float[np.ndarray, "fits movies k+width"]:
    """Embeddings by each fit: the movies' factors, of length 1 if `unit_length`, and their audience."""
    liked = torch.nn.functional.normalize(factors.double(), dim=2) if unit_length else factors.double()
    return np.concatenate([liked, np.broadcast_to(audience, (len(factors), *audience.shape))], axis=2)


if __name__ == "__main__":
    cli.run(main)
