"""Fits the model with the solver that the parameters choose; files of factors from further fits."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from stages.core.compute import DeviceName, choose_device
from stages.core.files import typed
from stages.core.parameters import Seeded
from stages.core.seeds import derive_seed
from stages.core.tensors import TensorFile
from stages.factorization import adam, als, gibbs
from stages.factorization.solver import Fit, Hyperparameters, Problem
from stages.movielens.ratings import Ratings, SideInformation

SOLVERS = {"adam": adam.fit, "als": als.fit, "gibbs": gibbs.fit}


class FitParameters(Hyperparameters, Seeded):
    """The keys that a fit reads."""

    solver: Literal["adam", "als", "gibbs"]
    device: DeviceName


def make_problem(
    parameters: FitParameters,
    train: Ratings,
    validation: Ratings,
    side_information: SideInformation,
    purpose: str = "train",
) -> Problem:
    """The input of a solver, with the chosen device and random numbers for this purpose."""
    generator = torch.Generator().manual_seed(derive_seed(parameters.seed, purpose))
    return Problem(train, validation, side_information, choose_device(parameters.device), generator, purpose)


def fit(problem: Problem, parameters: FitParameters) -> Fit:
    """Fit with the chosen solver."""
    return SOLVERS[parameters.solver](problem, parameters)


@typed
@dataclass(frozen=True)
class NotebookFactors(TensorFile):
    """Factors of the notebook's recipe; no seeds if it was left out."""

    written_by: ClassVar[str] = "notebook"
    user_factors: Float[Tensor, "seeds n_users k"]
    movie_factors: Float[Tensor, "seeds n_movies k"]


@typed
@dataclass(frozen=True)
class Replicas(TensorFile):
    """Movie embeddings from fits with other seeds, and from one without genres if the model uses them."""

    written_by: ClassVar[str] = "replicas"
    embeddings: Float[Tensor, "replicas n_movies latent_factors"]
    without_genres: Float[Tensor, "fits_without_genres n_movies latent_factors"]
