"""train: training and validation ratings → the model, and its errors by epoch."""

import time
from pathlib import Path
from typing import Literal

import pandas as pd
import torch
from torch import Tensor

from stages import command, tensors
from stages.factorization import adam, als, device, gibbs
from stages.factorization.device import DeviceName
from stages.factorization.solver import Fit, History, Hyperparameters, Problem
from stages.measures import rmse
from stages.movielens import catalogue
from stages.movielens.ratings import Ratings
from stages.outputs import Metrics, write_bytes, write_csv, write_metrics
from stages.params import Seed
from stages.randomness import derive

SOLVERS = {"adam": adam.fit, "als": als.fit, "gibbs": gibbs.fit}


class TrainParameters(Hyperparameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, to mark what is learned from generated ratings."""
    seed: Seed
    """Root of the start and of the order of ratings."""
    solver: Literal["adam", "als", "gibbs"]
    """How the model is fitted."""
    device: DeviceName
    """Where: auto takes the fastest there is."""


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
    known = tensors.load(side_information, {"genres", "period"}, made_by="prepare")
    problem = pose(parameters, Ratings.load(train), Ratings.load(validation), known)
    started = time.perf_counter()
    fit = SOLVERS[parameters.solver](problem, parameters)
    print(f"train: {parameters.solver} on {problem.device}: fitted in {time.perf_counter() - started:.1f} s")
    scores = score(fit, problem)
    write_bytes(model, fit.model.serialize())
    write_csv(history, tabulate(fit.history))
    write_metrics(metrics, scores, synthetic=catalogue.is_synthetic(parameters.dataset))


def pose(
    parameters: TrainParameters,
    train: Ratings,
    validation: Ratings,
    side_information: dict[str, Tensor],
    purpose: str = "train",
) -> Problem:
    """The problem for the solver, with a device and, for each purpose, randomness of its own."""
    generator = torch.Generator().manual_seed(derive(parameters.seed, purpose))
    return Problem(train, validation, side_information, device.choose(parameters.device), generator)


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
