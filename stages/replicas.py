"""replicas: the same training with other seeds, and without genres → how much the clusters depend on the fit.

Clusters that change with the seed are an accident; and that movies of a cluster share genres is evidence only
for a model that does not know the genres.
"""

from pathlib import Path
from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from stages.core import cli
from stages.core.compute import run_parallel
from stages.core.files import write_bytes
from stages.factorization.factor_files import Replicas
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.solver import Problem
from stages.movielens.ratings import Ratings, SideInformation


class ReplicasParameters(FitParameters):
    """The keys that this stage reads."""

    replicas: Annotated[int, Field(ge=0, le=100)]


def main(
    train: Path,
    validation: Path,
    side_information: Path,
    replicas: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Fit to TRAIN and SIDE_INFORMATION with several seeds; write the movies' embeddings to REPLICAS."""
    parameters = ReplicasParameters.load(params)
    learned, watched = Ratings.load(train), Ratings.load(validation)
    known = SideInformation.load(side_information)
    told = [(f"replica {number}", parameters) for number in range(parameters.replicas)]
    untold = (
        [("without genres", without_genres(parameters))]
        if parameters.replicas and uses_genres(parameters)
        else []
    )
    calls = [
        (make_problem(chosen, learned, watched, known, purpose), chosen) for purpose, chosen in told + untold
    ]
    found = run_parallel(embed, calls, len(learned))
    nothing = torch.zeros(0, learned.n_movies, parameters.latent_factors)
    embeddings = torch.stack(found) if found else nothing
    write_bytes(replicas, Replicas(embeddings[: len(told)], embeddings[len(told) :]).serialize())


def uses_genres(parameters: FitParameters) -> bool:
    """Whether the solver reads the movies' genres."""
    return parameters.solver == "gibbs" and "genres" in parameters.movie_features


def without_genres(parameters: ReplicasParameters) -> ReplicasParameters:
    """The same parameters without the genres as a feature."""
    rest = tuple(name for name in parameters.movie_features if name != "genres")
    return parameters.model_copy(update={"movie_features": rest})


def embed(problem: Problem, parameters: FitParameters) -> Float[Tensor, "n_movies latent_factors"]:
    """The movies' embeddings by one fit."""
    return fit(problem, parameters).model.embeddings.cpu()


if __name__ == "__main__":
    cli.run(main)
