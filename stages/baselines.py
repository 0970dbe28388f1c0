"""baselines: the prepared ratings → what the simplest answers score on the same test ratings.

No parameter of the model plays a part here, so that the yardstick stays put while the model varies.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.core import cli
from stages.core.files import write_bytes, write_csv, write_metrics
from stages.core.parameters import Parameters, Penalty, PositivePenalty
from stages.factorization.factor_files import NotebookFactors
from stages.factorization.model import Model, single
from stages.movielens.ratings import Ratings, concatenate
from stages.ranking import ease as autoencoder
from stages.ranking import neighbours as nearest
from stages.ranking.ease import Ease
from stages.ranking.metrics import Score, accuracy, mark, ranking

ROUNDS = 20  # of fitting user biases to movie biases and back: both have settled long before


class BaselinesParameters(Parameters):
    """The keys that this stage reads."""

    baseline_regularization: Penalty
    ease_regularization: PositivePenalty


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
    notebook: Path,
    ease: Path,
    predictions: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure NOTEBOOK and the baselines, fitted to TRAIN, on TEST; write EASE, PREDICTIONS and METRICS."""
    parameters = BaselinesParameters.load(params)
    learned, watched, held_out = map(Ratings.load, (train, validation, test))
    recipe = NotebookFactors.load(notebook)
    started = time.perf_counter()
    seen = autoencoder.fit(learned, parameters.ease_regularization)
    print(f"baselines: ease: fitted in {time.perf_counter() - started:.1f} s")
    write_bytes(ease, seen.serialize())
    baselines = {
        **({"notebook": lambda *_: _both(notebook_model(recipe))} if len(recipe.user_factors) else {}),
        **BASELINES,
        "ease": lambda train, _: Baseline(None, will_see(seen, train)),
    }
    baselines = baselines if len(held_out) else {}
    table, rows = evaluate(learned, watched, held_out, parameters, baselines)
    write_csv(predictions, table)
    write_metrics(metrics, rows)


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
        baseline = fit(train, parameters)
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
        took = f"fitted in {seconds:.1f} s: " if name in BASELINES else ""  # the others were fitted before
        print(f"baselines: {name}: {took}{shown}")
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


def notebook_model(factors: NotebookFactors) -> Model:
    """The first fit of the notebook's recipe, which has neither a mean nor biases."""
    users, movies = factors.user_factors[0], factors.movie_factors[0]
    return single(torch.zeros(()), torch.zeros(len(users)), torch.zeros(len(movies)), users, movies)


def popularity(train: Ratings) -> Score:
    """ProcessGroup movies by their number of training ratings, the same for everybody.

    Of two movies with as many, the earlier in MovieLens comes first.
    """
    count = torch.bincount(train.movie, minlength=train.n_movies)
    rank = count.argsort(descending=True, stable=True).argsort()
    return lambda user: -rank.float().expand(len(user), -1)


def will_see(ease: Ease, train: Ratings) -> Score:
    """ProcessGroup movies by how likely the user is to see them, given what they have rated in `train`."""
    by_user = train.sorted_by_user()
    return lambda user: ease.score(mark(by_user, user).float())


def neighbours(train: Ratings, penalty: float) -> Baseline:
    """Item k-nearest-neighbours; unable to do anything where its similarities would not fit into memory."""
    if not nearest.fits_in_memory(train):
        return UNABLE
    predicted = nearest.predict_all(train, biases(train, penalty))
    return Baseline(lambda ratings: predicted[ratings.user, ratings.movie], lambda user: predicted[user])


def _both(model: Model) -> Baseline:
    return Baseline(model.predict, model.score)


Fitter = Callable[[Ratings, BaselinesParameters], Baseline]
BASELINES: dict[str, Fitter] = {
    "global_mean": lambda train, _: Baseline(global_mean(train).predict, None),  # ranks nothing
    "biases": lambda train, chosen: _both(biases(train, chosen.baseline_regularization)),
    "neighbours": lambda train, chosen: neighbours(train, chosen.baseline_regularization),
    "popularity": lambda train, _: Baseline(None, popularity(train)),
}


if __name__ == "__main__":
    cli.run(main)
