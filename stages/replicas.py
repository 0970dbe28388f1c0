"""replicas: the same training with other seeds, and without genres → by which the clusters are judged.

Clusters that come out otherwise whenever the training starts elsewhere are an accident; and that movies of a
cluster share genres proves something only for a model that was not told them.
"""

from pathlib import Path
from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from stages import command, tensors
from stages.factorization.solver import Problem
from stages.movielens.ratings import SIDE_INFORMATION, Ratings
from stages.outputs import write_bytes
from stages.side_by_side import side_by_side
from stages.train import SOLVERS, FitParameters, pose


class ReplicasParameters(FitParameters):
    """The keys that this stage reads: all that a fit needs, and one more."""

    replicas: Annotated[int, Field(ge=0, le=100)]
    """Trainings with other seeds."""


def main(
    train: Path,
    validation: Path,
    side_information: Path,
    replicas: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Fit to TRAIN and SIDE_INFORMATION from several seeds; write the movies' embeddings to REPLICAS."""
    parameters = ReplicasParameters.load(params)
    learned, watched = Ratings.load(train), Ratings.load(validation)
    known = tensors.load(side_information, SIDE_INFORMATION, made_by="prepare")

    features = parameters.movie_features
    told = [(f"replica {number}", features) for number in range(parameters.replicas)]
    untold = [("without genres", tuple(name for name in features if name != "genres"))]
    wanted = told + (untold if parameters.replicas and informed_of_genres(parameters) else [])
    calls = [
        (
            pose(parameters, learned, watched, known, purpose),
            parameters.model_copy(update={"movie_features": chosen}),
        )
        for purpose, chosen in wanted
    ]
    found = side_by_side(embed, calls, len(learned))
    nothing = torch.zeros(0, learned.n_movies, parameters.latent_factors)
    embeddings = torch.stack(found) if found else nothing
    content = {"embeddings": embeddings[: len(told)], "without_genres": embeddings[len(told) :]}
    write_bytes(replicas, tensors.serialize(content))


def informed_of_genres(parameters: FitParameters) -> bool:
    """Whether the solver reads the movies' genres."""
    return parameters.solver == "gibbs" and "genres" in parameters.movie_features


def embed(problem: Problem, parameters: FitParameters) -> Float[Tensor, "n_movies latent_factors"]:
    """The movies' embeddings by one training."""
    return SOLVERS[parameters.solver](problem, parameters).model.embeddings.cpu()


if __name__ == "__main__":
    command.run(main)
