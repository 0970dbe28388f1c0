"""train: training and validation ratings → the model, and its errors by epoch."""

import time
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import torch
from pydantic import Field
from torch import Tensor

from stages import command, memory, tensors
from stages.command import UserError
from stages.factorization import adam, als, device, gibbs, ranks
from stages.factorization.device import DeviceName
from stages.factorization.solver import Fit, History, Hyperparameters, Problem
from stages.measures import rmse
from stages.movielens import catalogue
from stages.movielens.ratings import SIDE_INFORMATION, Ratings
from stages.outputs import Metrics, write_bytes, write_csv, write_metrics
from stages.params import Seed
from stages.randomness import derive
from stages.side_by_side import threads_for

SOLVERS = {"adam": adam.fit, "als": als.fit, "gibbs": gibbs.fit}


class FitParameters(Hyperparameters):
    """The keys that a fit needs."""

    dataset: str
    """Its name, to mark what is learned from generated ratings."""
    seed: Seed
    """Root of the start and of the order of ratings."""
    solver: Literal["adam", "als", "gibbs"]
    """How the model is fitted."""
    device: DeviceName
    """Where: auto takes the fastest there is."""


class TrainParameters(FitParameters):
    """The keys that this stage reads: all that a fit needs, and one more."""

    processes: Annotated[int, Field(ge=1, le=1024)]
    """Processes that share the fit on this machine."""


def main(
    train: Path,
    validation: Path,
    side_information: Path,
    model: Path,
    history: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Fit to TRAIN and SIDE_INFORMATION, watch VALIDATION; write MODEL, HISTORY and METRICS."""
    parameters = TrainParameters.load(params)
    several = parameters.processes > 1 or ranks.launched()
    if several and parameters.solver != "als":
        raise UserError(
            f"solver is {parameters.solver!r}, which runs in one process, and processes is "
            f"{parameters.processes}; choose processes 1, or solver als"
        )
    if several and not ranks.launched():
        paths = train, validation, side_information, model, history, metrics, params
        return ranks.launch("train", main, paths, parameters.processes)
    known = tensors.load(side_information, SIDE_INFORMATION, made_by="prepare")
    problem = pose(parameters, Ratings.load(train), Ratings.load(validation), known)
    smaller = "choose fewer latent_factors or epochs, a smaller dataset, or solver als"
    if problem.device.type == "cpu":
        memory.require(estimate(problem, parameters), f"training by {parameters.solver}", smaller)
    with ranks.joined(problem.device), threads_for(len(problem.train)):
        started = time.perf_counter()
        fit = SOLVERS[parameters.solver](problem, parameters)
        seconds = time.perf_counter() - started
    if not ranks.leads():
        return None
    print(f"train: {parameters.solver} on {problem.device}: fitted in {seconds:.1f} s")
    scores = score(fit, problem)
    write_bytes(model, fit.model.serialize())
    write_csv(history, tabulate(fit.history))
    write_metrics(metrics, scores, synthetic=catalogue.is_synthetic(parameters.dataset))
    return None


def pose(
    parameters: FitParameters,
    train: Ratings,
    validation: Ratings,
    side_information: dict[str, Tensor],
    purpose: str = "train",
) -> Problem:
    """The problem for the solver, with a device and, for each purpose, randomness of its own."""
    generator = torch.Generator().manual_seed(derive(parameters.seed, purpose))
    return Problem(train, validation, side_information, device.choose(parameters.device), generator)


def estimate(problem: Problem, parameters: FitParameters) -> float:
    """Bytes of memory that the fit will take, by what was measured of it."""
    n_rows, entries = problem.train.n_users + problem.train.n_movies, parameters.latent_factors + 1
    needed = 110.0 * (len(problem.train) + len(problem.validation))  # the ratings by both sides
    needed += 4 * n_rows * entries**2  # the normal equations
    if parameters.solver == "gibbs":
        kept = parameters.epochs * (1 - parameters.burn_in)
        needed += 6 * kept * (n_rows * entries + len(problem.train) / 10)  # draws, of sittings too
    return needed


def score(fit: Fit, problem: Problem) -> Metrics:
    """Errors of the fitted model, in stars, predictions clipped to the scale of the training ratings."""
    model, scale = fit.model.to(torch.device("cpu")), problem.train.scale()
    errors = {
        name: rmse(model.predict(part).clamp(*scale), part.rating)
        for name, part in (("train_rmse", problem.train), ("validation_rmse", problem.validation))
        if len(part)
    }
    return {**errors, "epochs": len(fit.history.train_loss)}


def tabulate(history: History) -> pd.DataFrame:
    """epoch (from 1), train_loss, validation_loss (stars², empty where there were no such ratings)."""
    n_epochs = len(history.train_loss)
    return pd.DataFrame(
        {
            "epoch": range(1, n_epochs + 1),
            "train_loss": history.train_loss,
            "validation_loss": history.validation_loss,
        }
    ).round(6)


if __name__ == "__main__":
    command.run(main)
