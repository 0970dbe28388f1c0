"""Fits the model with the solver that the parameters choose."""

from typing import Literal

import torch

from stages.core.compute import DeviceName, choose_device
from stages.core.parameters import Seeded
from stages.core.seeds import derive_seed
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
