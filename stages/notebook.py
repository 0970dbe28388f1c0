"""notebook: the training ratings → the factors of the notebook's recipe, as it stands, from two seeds.

It is what all else is compared with: the first fit for its predictions and its clusters, both for how much
these depend on the seed. No parameter of the model plays a part here.
"""

import time
from pathlib import Path

import torch

from stages.core import cli
from stages.core.compute import run_parallel
from stages.core.files import write_bytes
from stages.core.parameters import Seeded
from stages.core.seeds import derive_seed
from stages.factorization import adam
from stages.factorization.factor_files import NotebookFactors
from stages.factorization.model import Model
from stages.factorization.solver import Hyperparameters, Problem
from stages.movielens.ratings import Ratings

RECIPE = Hyperparameters(
    latent_factors=8,
    epochs=128,
    batch_size=128,
    learning_rate=1e-3,
    biases=False,
    regularization=0,
    bias_regularization=0,
    burn_in=0,
    movie_features=(),
    user_features=(),
    feature_rank=1,
    sittings=False,
)
PURPOSES = "train", "replica 0"
"""Of the seeds: those of a training, and of its first replica."""
LARGEST = 2_000_000
"""Ratings above which the recipe is left out: as many steps, one after another."""


def main(train: Path, validation: Path, factors: Path, params: Path = Path("params.yaml")) -> None:
    """Fit to TRAIN, watch VALIDATION, write FACTORS of users and movies."""
    seed = Seeded.load(params).seed
    learned, watched = Ratings.load(train), Ratings.load(validation)
    seeds = [derive_seed(seed, purpose) for purpose in PURPOSES]
    if len(learned) > LARGEST:
        print(f"notebook: left out: on {len(learned)} ratings its recipe would take hours")
        seeds = []
    started = time.perf_counter()
    calls = [(learned, watched, each) for each in seeds]
    models = run_parallel(fit, calls, len(learned), prefer="processes")
    print(f"notebook: {len(models)} fits in {time.perf_counter() - started:.1f} s")
    width = RECIPE.latent_factors
    users = [torch.zeros(0, learned.n_users, width), *(model.user_factors for model in models)]
    movies = [torch.zeros(0, learned.n_movies, width), *(model.movie_factors for model in models)]
    write_bytes(factors, NotebookFactors(torch.cat(users), torch.cat(movies)).serialize())


def fit(train: Ratings, validation: Ratings, seed: int) -> Model:
    """8 factors, no biases, no penalty, 128 epochs of Adam."""
    generator = torch.Generator().manual_seed(seed)
    return adam.fit(Problem(train, validation, None, torch.device("cpu"), generator), RECIPE).model


if __name__ == "__main__":
    cli.run(main)
