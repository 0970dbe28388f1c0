"""train: training and validation ratings → the model, and its errors by epoch."""

import time
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
from pydantic import Field

from stages.core import cli
from stages.core.cli import UserError
from stages.core.compute import require_memory, threads_for
from stages.core.files import Metrics, write_bytes, write_csv, write_metrics
from stages.core.parameters import Count
from stages.factorization import distributed
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.solver import Fit, History, Problem, rmse
from stages.movielens.ratings import Ratings, SideInformation


class TrainParameters(FitParameters):
    """The keys that this stage reads."""

    processes: Annotated[Count, Field(le=1024)]


def main(
    train: Path,
    validation: Path,
    side_information: Path,
    model: Path,
    history: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Fit to TRAIN and SIDE_INFORMATION, measure VALIDATION; write MODEL, HISTORY and METRICS."""
    parameters = TrainParameters.load(params)
    several = parameters.processes > 1 or distributed.launched()
    if several and parameters.solver != "als":
        raise UserError(
            f"solver is {parameters.solver!r}, which runs in one process, and processes is "
            f"{parameters.processes}; choose processes 1, or solver als"
        )
    if several and not distributed.launched():
        paths = train, validation, side_information, model, history, metrics, params
        return distributed.launch("train", main, paths, parameters.processes)
    known = SideInformation.load(side_information)
    problem = make_problem(parameters, Ratings.load(train), Ratings.load(validation), known)
    if problem.device.type == "cpu":
        smaller = "choose fewer latent_factors or epochs, a smaller dataset, or solver als"
        require_memory(estimate(problem, parameters), f"training by {parameters.solver}", smaller)
    with distributed.joined(problem.device), threads_for(len(problem.train)):
        started = time.perf_counter()
        fitted = fit(problem, parameters)
        seconds = time.perf_counter() - started
    if not distributed.leads():
        return None
    print(f"train: {parameters.solver} on {problem.device}: fitted in {seconds:.1f} s")
    scores = score(fitted, problem)
    write_bytes(model, fitted.model.serialize())
    write_csv(history, tabulate(fitted.history))
    write_metrics(metrics, scores)
    return None


def estimate(problem: Problem, parameters: FitParameters) -> float:
    """Bytes of memory that the fit takes, estimated from measurements."""
    n_rows, entries = problem.train.n_users + problem.train.n_movies, parameters.latent_factors + 1
    needed = 110.0 * (len(problem.train) + len(problem.validation))  # the ratings by both sides
    needed += 4 * n_rows * entries**2  # the normal equations
    if parameters.solver == "gibbs":
        kept = parameters.epochs * (1 - parameters.burn_in)
        needed += 6 * kept * (n_rows * entries + len(problem.train) / 10)  # draws, of sessions too
    return needed


def score(fitted: Fit, problem: Problem) -> Metrics:
    """Errors of the fitted model, in stars, predictions clipped to the scale of the training ratings."""
    model, scale = fitted.model.to(torch.device("cpu")), problem.train.scale()
    errors = {
        name: rmse(model.predict(part).clamp(*scale), part.rating)
        for name, part in (("train_rmse", problem.train), ("validation_rmse", problem.validation))
        if len(part)
    }
    return {**errors, "epochs": len(fitted.history.train_loss)}


def tabulate(history: History) -> pd.DataFrame:
    """epoch (from 1), train_loss, validation_loss (stars², empty without validation ratings)."""
    n_epochs = len(history.train_loss)
    return pd.DataFrame(
        {
            "epoch": range(1, n_epochs + 1),
            "train_loss": history.train_loss,
            "validation_loss": history.validation_loss,
        }
    ).round(6)


if __name__ == "__main__":
    cli.run(main)
