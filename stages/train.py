"""train: training and validation ratings, side information → the model, and its errors (stars²) by epoch."""

import time
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from stages.core import cli, compute, files, memory
from stages.core.parameters import PARAMS
from stages.factorization import distributed, gibbs
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.solver import Problem
from stages.movielens.ratings import Ratings, SideInformation


class TrainParameters(FitParameters):
    processes: Annotated[int, Field(ge=1, le=1024)]


def main(
    train: Path, validation: Path, side_information: Path, model: Path, history: Path, params: Path = PARAMS
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
    with distributed.process_group(problem.device), compute.threads_for(len(problem.train)):
        started = time.perf_counter()
        fitted = fit(problem, parameters)
        seconds = time.perf_counter() - started
    if distributed.is_main():
        print(f"train: {parameters.solver} on {problem.device}: fitted in {seconds:.1f} s")
        losses = pd.DataFrame(vars(fitted.history)).round(6)
        losses.insert(0, "epoch", losses.index + 1)
        files.write_csv(history, losses.assign(burn_in=losses["epoch"] <= losses["burn_in"]))
        files.write_bytes(model, fitted.model.serialize())


def check_resources(problem: Problem, parameters: TrainParameters) -> None:
    """Raise UserError if the solver cannot use several processes, or the fit would not fit in memory."""
    solver = parameters.solver
    if solver != "als" and (parameters.processes > 1 or distributed.launched()):
        fault = f"processes is {parameters.processes}, but solver {solver} runs in one process"
        raise cli.UserError(f"{fault}; choose processes 1 or solver als")
    n_rows, entries = problem.train.n_users + problem.train.n_movies, parameters.latent_factors + 1
    ratings = 110.0 * (len(problem.train) + len(problem.validation))  # bytes, estimated from measurements
    normal_equations = 4 * n_rows * (entries + 24 * (solver == "gibbs")) ** 2
    draws = parameters.epochs * (1 - parameters.burn_in) if solver == "gibbs" else 0
    kept = 4 * min(2 * draws * n_rows * entries, gibbs.MAX_BYTES)
    if problem.device.type == "cpu":
        fix = "choose fewer latent_factors or epochs, a smaller dataset, or solver als"
        memory.require_memory(ratings + normal_equations + kept, f"training by {solver}", fix)


if __name__ == "__main__":
    cli.run(main)
