"""prepare: the zip in data/raw/ → training, validation and test ratings as tensors, users, movies, facts.

`user` and `movie` are contiguous indices in the order of MovieLens's ids; movies without a rating have none.
"""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Int
from torch import Tensor

from stages import command, tensors
from stages.command import UserError
from stages.facts import (
    describe,
    describe_movies,
    describe_tags,
    describe_users,
    histogram,
    side_information,
)
from stages.movielens import catalogue, checks, layouts
from stages.movielens.ratings import Ratings
from stages.outputs import write_bytes, write_csv, write_metrics
from stages.params import Parameters, Seed, Share
from stages.randomness import derive


class PrepareParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, for the facts."""
    seed: Seed
    """Root of the random split."""
    split: Literal["random", "temporal"]
    """What is held out: ratings at random, or the newest."""
    test_fraction: Share
    """Share of all ratings that only the evaluation sees."""
    validation_fraction: Share
    """Share of all ratings on which choices are made."""


class Split(NamedTuple):
    """Rows of the ratings, each in one of three parts."""

    train: Int[Tensor, " n_train"]
    validation: Int[Tensor, " n_validation"]
    test: Int[Tensor, " n_test"]


def main(raw: Path, prepared: Path, metrics: Path, params: Path = Path("params.yaml")) -> None:
    """Read the zip in RAW, write tensors and tables into PREPARED and facts to METRICS."""
    parameters = PrepareParameters.load(params)
    archives = sorted(raw.glob("*.zip"))
    if len(archives) != 1:
        raise UserError(f"{raw} should hold one zip, not {len(archives)}; run: dvc repro -f fetch")
    release = layouts.read(archives[0])
    checks.check(release)
    ratings, user_ids, movie_ids = index(release.ratings)
    parts = split(parameters, ratings.timestamp)
    for name, rows in parts._asdict().items():
        write_bytes(prepared / f"{name}.pt", ratings[rows].serialize())
    movies = describe_movies(ratings, movie_ids, release.movies)
    write_csv(prepared / "users.csv", describe_users(ratings, user_ids))
    write_csv(prepared / "movies.csv", movies)
    write_csv(prepared / "tags.csv", describe_tags(release.tags, movie_ids))
    write_bytes(prepared / "side_information.pt", tensors.serialize(side_information(movies)))
    write_csv(prepared / "histogram.csv", histogram(ratings))
    sizes = {part: len(rows) for part, rows in parts._asdict().items()}
    facts = describe(ratings, sizes, n_catalogue=len(release.movies))
    name = catalogue.short_name(parameters.dataset)
    synthetic = catalogue.is_synthetic(parameters.dataset)
    write_metrics(metrics, {"dataset": name, **facts}, synthetic=synthetic)
    print(f"prepare: {catalogue.label(parameters.dataset)}: ", end="")
    print(", ".join(f"{size} {part}" for part, size in sizes.items()), "ratings")


def index(frame: pd.DataFrame) -> tuple[Ratings, np.ndarray, np.ndarray]:
    """Ratings by contiguous index, and the ids that stand behind the indices of users and of movies."""
    user_ids, user = np.unique(frame["user_id"].to_numpy(), return_inverse=True)
    movie_ids, movie = np.unique(frame["movie_id"].to_numpy(), return_inverse=True)
    rating = torch.from_numpy(frame["rating"].to_numpy(dtype=np.float32, copy=True))
    timestamp = torch.from_numpy(frame["timestamp"].to_numpy(copy=True))
    columns = torch.from_numpy(user), torch.from_numpy(movie), rating, timestamp
    return Ratings(*columns, len(user_ids), len(movie_ids)), user_ids, movie_ids


def split(parameters: PrepareParameters, timestamp: Int[Tensor, " n_ratings"]) -> Split:
    """Hold out `test_fraction` and `validation_fraction` of the ratings, each rounded to whole ratings.

    random: a permutation drawn from `seed`. temporal: the newest ratings are the test ratings, those before
    them the validation ratings; on equal timestamps the later line counts as newer.

    Raises UserError when nothing is left to train on.
    """
    n_ratings = len(timestamp)
    n_test = round(parameters.test_fraction * n_ratings)
    n_validation = round(parameters.validation_fraction * n_ratings)
    n_train = n_ratings - n_test - n_validation
    if n_train < 1:
        raise UserError(
            f"of {n_ratings} ratings, test_fraction {parameters.test_fraction:g} and validation_fraction "
            f"{parameters.validation_fraction:g} leave none to train on; lower them"
        )
    if parameters.split == "temporal":
        order = torch.argsort(timestamp, stable=True)
    else:
        generator = torch.Generator().manual_seed(derive(parameters.seed, "split"))
        order = torch.randperm(n_ratings, generator=generator)
    train, validation, test = order.split([n_train, n_validation, n_test])
    return Split(train.sort().values, validation.sort().values, test.sort().values)


if __name__ == "__main__":
    command.run(main)
