"""baselines: the prepared ratings → what the simplest answers score on the same test ratings.

No parameter of the model plays a part here, so that the yardstick stays put while the model varies.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from stages import command, ease
from stages import neighbours as nearest
from stages.factorization import adam
from stages.factorization.model import Model, single
from stages.factorization.solver import Hyperparameters, Problem
from stages.measures import Score, accuracy, ranking
from stages.movielens import catalogue
from stages.movielens.ratings import Ratings, concatenate
from stages.outputs import write_csv, write_metrics
from stages.params import Parameters, Seed
from stages.randomness import derive

ROUNDS = 20  # of fitting user biases to movie biases and back: both have settled long before
NOTEBOOK = Hyperparameters(
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


class BaselinesParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, to mark what is measured on generated ratings."""
    seed: Seed
    """Root of the start of the notebook's recipe and of its order of ratings."""
    baseline_regularization: Annotated[float, Field(ge=0, le=1e6)]
    """L2 penalty on each bias of the bias baseline."""
    ease_regularization: Annotated[float, Field(gt=0, le=1e6)]
    """L2 penalty of EASE (λ)."""


class Baseline(NamedTuple):
    """What a baseline can do: predict ratings, rank movies, or both."""

    predict: Callable[[Ratings], Tensor] | None
    """Stars of each of the ratings, not clipped."""
    score: Score | None


UNABLE = Baseline(None, None)


def main(
    train: Path,
    validation: Path,
    test: Path,
    predictions: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure every baseline on the ratings TEST, fitted to TRAIN alone; write PREDICTIONS and METRICS."""
    parameters = BaselinesParameters.load(params)
    learned, watched, held_out = map(Ratings.load, (train, validation, test))
    baselines = BASELINES if len(held_out) else {}
    table, rows = evaluate(learned, watched, held_out, parameters, baselines)
    write_csv(predictions, table)
    write_metrics(metrics, rows, synthetic=catalogue.is_synthetic(parameters.dataset))


def evaluate(
    train: Ratings,
    validation: Ratings,
    test: Ratings,
    parameters: BaselinesParameters,
    baselines: dict[str, "Fitter"],
) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    """Predictions of the test ratings, a column for each baseline, and its row of measures."""
    seen = concatenate(train, validation)
    table: dict[str, np.ndarray] = {}
    rows: dict[str, dict[str, float]] = {}
    for name, fit in baselines.items():
        started = time.perf_counter()
        baseline = fit(train, validation, parameters)
        seconds = time.perf_counter() - started
        if baseline == UNABLE:
            print(f"baselines: {name}: left out, as it would not fit into memory")
            continue
        rows[name] = {}
        if baseline.predict:
            table[name] = baseline.predict(test).clamp(*train.scale()).numpy()
            rows[name] |= accuracy(torch.from_numpy(table[name]), test.rating)
        if baseline.score:
            rows[name] |= ranking(baseline.score, seen, test)
        shown = ", ".join(f"{measure} {value:.4f}" for measure, value in rows[name].items())
        print(f"baselines: {name}: fitted in {seconds:.1f} s: {shown}")
    return pd.DataFrame(table, index=range(len(test))).round(4), rows


def global_mean(train: Ratings) -> Model:
    """Predicts the mean of the training ratings, whoever asks for whatever."""
    return _without_factors(train, torch.zeros(train.n_users), torch.zeros(train.n_movies))


def biases(train: Ratings, penalty: float) -> Model:
    """Mean, user bias and movie bias: the minimum of Σ (r - μ - b_u - c_i)² + λ (Σ b_u² + Σ c_i²).

    Koren 2010, "Factor in the Neighbors", section 2.1. Solved by turns: with the other side fixed, each bias
    is the sum of its residuals over their number plus λ.
    """
    residual = train.rating.double() - train.rating.double().mean()
    user_biases = torch.zeros(train.n_users, dtype=torch.float64)
    for _ in range(ROUNDS):
        movie_biases = _shrunken_mean(
            residual - user_biases[train.user], train.movie, train.n_movies, penalty
        )
        user_biases = _shrunken_mean(residual - movie_biases[train.movie], train.user, train.n_users, penalty)
    return _without_factors(train, user_biases, movie_biases)


def _without_factors(train: Ratings, user_biases: Tensor, movie_biases: Tensor) -> Model:
    mean = train.rating.double().mean().float()
    none = torch.zeros(train.n_users, 0), torch.zeros(train.n_movies, 0)
    return single(mean, user_biases.float(), movie_biases.float(), *none)


def _shrunken_mean(
    value: Float[Tensor, " n_ratings"], group: Int[Tensor, " n_ratings"], n_groups: int, penalty: float
) -> Float[Tensor, " n_groups"]:
    total = torch.bincount(group, weights=value, minlength=n_groups)
    count = torch.bincount(group, minlength=n_groups)
    return total / (count + penalty).clamp(min=1)


def notebook(train: Ratings, validation: Ratings, seed: int) -> Model:
    """The notebook's recipe as it stands: 8 factors, no biases, no penalty, 128 epochs of Adam."""
    generator = torch.Generator().manual_seed(derive(seed, "train"))
    problem = Problem(train, validation, {}, torch.device("cpu"), generator)
    return adam.fit(problem, NOTEBOOK).model


def popularity(train: Ratings) -> Score:
    """Ranks movies by their number of training ratings, the same for everybody.

    Of two movies with as many, the earlier in MovieLens comes first.
    """
    count = torch.bincount(train.movie, minlength=train.n_movies)
    rank = count.argsort(descending=True, stable=True).argsort()
    return lambda user: -rank.float().expand(len(user), -1)


def neighbours(train: Ratings, penalty: float) -> Baseline:
    """Item k-nearest-neighbours; unable to do anything where its similarities would not fit into memory."""
    if not nearest.fits_in_memory(train):
        return UNABLE
    predicted = nearest.predict_all(train, biases(train, penalty))
    return Baseline(lambda ratings: predicted[ratings.user, ratings.movie], lambda user: predicted[user])


def _both(model: Model) -> Baseline:
    return Baseline(model.predict, model.score)


Fitter = Callable[[Ratings, Ratings, BaselinesParameters], Baseline]
BASELINES: dict[str, Fitter] = {
    "notebook": lambda train, validation, chosen: _both(notebook(train, validation, chosen.seed)),
    "global_mean": lambda train, _, __: Baseline(global_mean(train).predict, None),  # ranks nothing
    "biases": lambda train, _, chosen: _both(biases(train, chosen.baseline_regularization)),
    "neighbours": lambda train, _, chosen: neighbours(train, chosen.baseline_regularization),
    "popularity": lambda train, _, __: Baseline(None, popularity(train)),
    "ease": lambda train, _, chosen: Baseline(None, ease.fit(train, chosen.ease_regularization)),
}


if __name__ == "__main__":
    command.run(main)
