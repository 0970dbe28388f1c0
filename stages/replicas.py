"""replicas: the same ratings, other seeds, and no genres → how much the clusters depend on the fit.

Clusters that change with the seed are not reliable. That movies of a cluster share genres is evidence only if
the model was fitted without genres.
"""

from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field

from stages.core import cli, compute, files
from stages.core.parameters import PARAMS
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.model import Replicas
from stages.movielens.ratings import Ratings, SideInformation

WITHOUT_GENRES = "without genres"


class ReplicasParameters(FitParameters):
    study: bool
    replicas: Annotated[int, Field(ge=0, le=100)]


def main(
    train: Path, validation: Path, side_information: Path, replicas: Path, params: Path = PARAMS
) -> None:
    """Fit to TRAIN and SIDE_INFORMATION with several seeds; write the movies' embeddings to REPLICAS."""
    parameters = ReplicasParameters.load(params)
    inputs = Ratings.load(train), Ratings.load(validation), SideInformation.load(side_information)
    fits = variants(parameters)
    calls = []
    for number, (purpose, chosen) in enumerate(fits.items(), start=1):
        problem = make_problem(chosen, *inputs, purpose)
        calls.append((problem._replace(label=f"{purpose} ({number} of {len(fits)})"), chosen))
    found = compute.run_parallel(
        lambda *call: fit(*call).model.embeddings.cpu()[None], calls, len(inputs[0]), device=parameters.device
    )
    embeddings = torch.cat([torch.zeros(0, inputs[0].n_movies, parameters.latent_factors), *found])
    n_replicas = sum(purpose != WITHOUT_GENRES for purpose in fits)
    files.write_bytes(replicas, Replicas(embeddings[:n_replicas], embeddings[n_replicas:]).serialize())


def variants(parameters: ReplicasParameters) -> dict[str, ReplicasParameters]:
    """Parameters of each fit, by the purpose of its random numbers; none without `study`."""
    n_replicas = parameters.replicas if parameters.study else 0
    fits = {f"replica {number}": parameters for number in range(n_replicas)}
    features = {key: getattr(parameters, key) for key in ("movie_features", "user_effects")}
    if fits and parameters.solver == "gibbs" and any("genres" in names for names in features.values()):
        others = {key: tuple(name for name in names if name != "genres") for key, names in features.items()}
        fits[WITHOUT_GENRES] = parameters.model_copy(update=others)
    return fits


if __name__ == "__main__":
    cli.run(main)
