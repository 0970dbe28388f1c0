"""train: training and validation ratings, side information → the model, and its errors by epoch."""

import time
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from stages.core import cli
from stages.core.cli import UserError
from stages.core.compute import threads_for
from stages.core.files import write_bytes, write_csv
from stages.core.memory import require_memory
from stages.factorization import distributed, gibbs
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.solver import Fit, Problem
from stages.movielens.ratings import Ratings, SideInformation


class TrainParameters(FitParameters):
    processes: Annotated[int, Field(ge=1, le=1024)]


def main(
    train: Path,
    validation: Path,
    side_information: Path,
    model: Path,
    history: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Fit to TRAIN and SIDE_INFORMATION, measure VALIDATION by epoch; write MODEL and HISTORY."""
    parameters = TrainParameters.load(params)
    if not distributed.launched() and parameters.processes > 1 and parameters.solver == "als":
        paths = train, validation, side_information, model, history, params
        distributed.launch("train", main, paths, parameters.processes)
        return
    known = SideInformation.load(side_information)
    problem = make_problem(parameters, Ratings.load(train), Ratings.load(validation), known)
    check_resources(problem, parameters)
    with distributed.process_group(problem.device), threads_for(len(problem.train)):
        started = time.perf_counter()
        fitted = fit(problem, parameters)
        seconds = time.perf_counter() - started
    if distributed.is_main():
        print(f"train: {parameters.solver} on {problem.device}: fitted in {seconds:.1f} s")
        write_csv(history, tabulate(fitted))
        write_bytes(model, fitted.model.serialize())


def check_resources(problem: Problem, parameters: TrainParameters) -> None:
    """Raise UserError if the solver cannot use several processes, or the fit would not fit in memory."""
    if parameters.solver != "als" and (parameters.processes > 1 or distributed.launched()):
        fault = f"processes is {parameters.processes}, but solver {parameters.solver} runs in one process"
        raise UserError(f"{fault}; choose processes 1 or solver als")
    if problem.device.type == "cpu":
        fix = "choose fewer latent_factors or epochs, a smaller dataset, or solver als"
        require_memory(estimate(problem, parameters), f"training by {parameters.solver}", fix)


def estimate(problem: Problem, parameters: FitParameters) -> float:
    """Bytes of memory that the fit takes, estimated from measurements."""
    n_rows, entries = problem.train.n_users + problem.train.n_movies, parameters.latent_factors + 1
    ratings = 110.0 * (len(problem.train) + len(problem.validation))
    normal_equations = 4 * n_rows * (entries + 24 * (parameters.solver == "gibbs")) ** 2
    if parameters.solver != "gibbs":
        return ratings + normal_equations
    draws = parameters.epochs * (1 - parameters.burn_in)
    size = 2 * draws * n_rows * entries  # in half precision
    return ratings + normal_equations + 4 * min(size, gibbs.MAX_BYTES)


def tabulate(fitted: Fit) -> pd.DataFrame:
    """epoch (from 1), train_loss, validation_loss (stars², empty without validation ratings), burn_in."""
    losses = pd.DataFrame(vars(fitted.history)).round(6)
    losses.insert(0, "epoch", losses.index + 1)
    return losses.assign(burn_in=losses["epoch"] <= losses["burn_in"])


if __name__ == "__main__":
    cli.run(main)
