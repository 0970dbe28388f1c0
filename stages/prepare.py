"""prepare: the zip in data/raw/ → training, validation and test ratings, tables and statistics.

`user` and `movie` are contiguous indices in the order of MovieLens's ids; movies without a rating have none.
"""

import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from jaxtyping import Int
from torch import Tensor

from stages.core import cli, files, seeds
from stages.core.parameters import PARAMS, Seeded, Share
from stages.movielens import catalogue, layouts, tables
from stages.movielens.ratings import Ratings


class PrepareParameters(Seeded):
    dataset: str
    split: Literal["random", "temporal", "predefined"]
    fold: str
    test_fraction: Share
    validation_fraction: Share


def main(raw: Path, prepared: Path, metrics: Path, params: Path = PARAMS) -> None:
    """Read the zip in RAW, write tensors and tables into PREPARED, and the counts to METRICS."""
    parameters = PrepareParameters.load(params)
    archives = sorted(raw.glob("*.zip"))
    if len(archives) != 1:
        raise cli.UserError(f"{raw} contains {len(archives)} zips, expected 1; run: dvc repro -f fetch")
    print(f"prepare: reading {archives[0]}")
    release = layouts.read(archives[0], parameters.fold if parameters.split == "predefined" else None)
    print("prepare: numbering users and movies")
    ratings, user_ids, movie_ids = index(release.ratings)
    parts = split(parameters, ratings.timestamp, release.n_test)
    movies = tables.movies_table(ratings, movie_ids, release.movies)
    warn_of_untitled(movies)
    print(f"prepare: writing {', '.join(parts)}")
    for name, rows in parts.items():
        files.write_bytes(prepared / f"{name}.pt", ratings[rows].serialize())
    files.write_csv(prepared / "users.csv", tables.users_table(ratings, user_ids))
    files.write_csv(prepared / "movies.csv", movies)
    files.write_csv(prepared / "tags.csv", tables.tags_table(release.tags, movie_ids))
    files.write_bytes(prepared / "side_information.pt", tables.side_information(movies).serialize())
    files.write_csv(prepared / "histogram.csv", tables.histogram(ratings))
    name = catalogue.short_name(parameters.dataset)
    counts = {"n_users": ratings.n_users, "n_movies": ratings.n_movies, "n_ratings": len(ratings)}
    counts |= {f"n_{part}": len(rows) for part, rows in parts.items()}
    label = name + " (generated ratings)" * bool(catalogue.synthetic_ratings(parameters.dataset))
    statistics = tables.summary_statistics(ratings, n_catalogue=len(release.movies))
    held_out = parameters.model_dump(include={"seed", "split"})
    files.write_metrics(prepared / "statistics.json", {"label": label, **held_out, **counts, **statistics})
    files.write_metrics(metrics, counts)
    print(f"prepare: {name}: {', '.join(f'{len(rows)} {part}' for part, rows in parts.items())} ratings")


def warn_of_untitled(movies: pd.DataFrame) -> None:
    """Print a warning if `movies_table` had to name movies by their ids."""
    untitled = movies["movie_id"][movies["title"].str.startswith("untitled (id ")]
    if len(untitled):
        ids = ", ".join(untitled.astype(str)[:5])
        print(f"prepare: warning: {len(untitled)} rated movies have no title (id {ids})", file=sys.stderr)


def index(frame: pd.DataFrame) -> tuple[Ratings, np.ndarray, np.ndarray]:
    """Ratings by contiguous index, and the id of each user and of each movie."""
    user_ids, user = np.unique(frame["user_id"].to_numpy(), return_inverse=True)
    movie_ids, movie = np.unique(frame["movie_id"].to_numpy(), return_inverse=True)
    rating = torch.from_numpy(frame["rating"].to_numpy(dtype=np.float32, copy=True))
    timestamp = torch.from_numpy(frame["timestamp"].to_numpy(copy=True))
    columns = torch.from_numpy(user), torch.from_numpy(movie), rating, timestamp
    return Ratings(*columns, len(user_ids), len(movie_ids)), user_ids, movie_ids


def split(
    parameters: PrepareParameters, timestamp: Int[Tensor, " n_ratings"], n_predefined: int = 0
) -> dict[str, Tensor]:
    """The rows of the "train", "validation" and "test" ratings; UserError if none are left to train on.

    random: a permutation drawn from `seed`. temporal: the newest ratings are the test ratings, those before
    them the validation ratings; on equal timestamps the later line counts as newer. predefined: the last
    `n_predefined` ratings are the test ratings, the validation ratings are drawn from the others.
    """
    n_ratings = len(timestamp)
    n_test = n_predefined or round(parameters.test_fraction * n_ratings)
    n_validation = round(parameters.validation_fraction * n_ratings)
    n_train = n_ratings - n_test - n_validation
    if n_train < 1:
        held_out = f"{n_test} for the test and {n_validation} for validation"
        fix = "lower test_fraction or validation_fraction"
        raise cli.UserError(f"of {n_ratings} ratings, {held_out} leave none to train on; {fix}")
    if parameters.split == "temporal":
        order = torch.argsort(timestamp, stable=True)
    else:
        generator = torch.Generator().manual_seed(seeds.derive_seed(parameters.seed, "split"))
        order = torch.randperm(n_ratings - n_predefined, generator=generator)
        order = torch.cat([order, torch.arange(n_ratings - n_predefined, n_ratings)])
    parts = zip(["train", "validation", "test"], order.split([n_train, n_validation, n_test]), strict=True)
    return {name: rows.sort().values for name, rows in parts}


if __name__ == "__main__":
    cli.run(main)
