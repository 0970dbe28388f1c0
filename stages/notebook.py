"""notebook: the training ratings → the factors of the notebook's recipe, unchanged, from two seeds.

The model is compared with these: with the first fit for predictions and clusters, with both for how much
these depend on the seed. They do not depend on the parameters of the model.
"""

import time
from pathlib import Path
from typing import Any

import torch

from stages.core import cli, compute, files, seeds
from stages.core.parameters import PARAMS, Seeded
from stages.factorization import adam
from stages.factorization.model import Model, NotebookFactors
from stages.factorization.solver import Hyperparameters, Problem
from stages.movielens.ratings import Ratings


class NotebookParameters(Seeded):
    notebook: bool


KEYS: Any = {"latent_factors": 8, "epochs": 128, "batch_size": 128, "learning_rate": 1e-3}
KEYS |= {"biases": False, "regularization": 0.0}
RECIPE = Hyperparameters.model_construct(**KEYS)  # solver adam reads no others
PURPOSES = "train", "replica 0"  # of the random numbers: those of the model and of its first replica
LARGEST = 2_000_000  # ratings above which the recipe is left out: its steps cannot run in parallel


def main(train: Path, validation: Path, factors: Path, params: Path = PARAMS) -> None:
    """Fit to TRAIN, measure VALIDATION, write FACTORS of users and movies."""
    parameters = NotebookParameters.load(params)
    ratings, held_out = Ratings.load(train), Ratings.load(validation)
    purposes = PURPOSES if parameters.notebook and len(ratings) <= LARGEST else ()
    if len(ratings) > LARGEST:
        print(f"notebook: left out: its recipe would take hours on {len(ratings)} ratings")
    print(f"notebook: {len(purposes)} fits, in parallel", flush=True)
    started = time.perf_counter()
    calls = [(ratings, held_out, seeds.derive_seed(parameters.seed, purpose)) for purpose in purposes]
    models = compute.run_parallel(fit, calls, len(ratings), prefer="processes")
    print(f"notebook: {len(models)} fits in {time.perf_counter() - started:.1f} s")
    width = RECIPE.latent_factors
    users = [torch.zeros(0, ratings.n_users, width), *(model.user_factors for model in models)]
    movies = [torch.zeros(0, ratings.n_movies, width), *(model.movie_factors for model in models)]
    files.write_bytes(factors, NotebookFactors(torch.cat(users), torch.cat(movies)).serialize())


def fit(train: Ratings, validation: Ratings, seed: int) -> Model:
    """8 factors, no biases, no penalty, 128 epochs of Adam."""
    generator = torch.Generator().manual_seed(seed)
    return adam.fit(Problem(train, validation, None, torch.device("cpu"), generator), RECIPE).model


if __name__ == "__main__":
    cli.run(main)
