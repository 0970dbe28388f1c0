"""evaluate: the model and the test ratings → metrics of predictions and rankings, with confidence intervals.

Movies are ranked as in `stages.recommend`: by their ranking score for users folded in from training ratings.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from stages.core import cli
from stages.core.compute import threads_for
from stages.core.files import Metrics, load, write_metrics
from stages.core.parameters import Seeded
from stages.core.seeds import derive_seed
from stages.factorization.fold_in import fold_in_users
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, concatenate
from stages.ranking.bootstrap import (
    bootstrap_interval,
    compare_accuracy,
    compare_rankings,
    rmse,
    squared_errors,
)
from stages.ranking.ease import Ease
from stages.ranking.metrics import accuracy, interval_coverage, popularity_metrics, top_movies
from stages.ranking.score import score_users


def main(
    train: Path,
    validation: Path,
    test: Path,
    model: Path,
    ease: Path,
    predictions: Path,
    rankings: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure MODEL with EASE on TEST, beside the baselines' PREDICTIONS and RANKINGS; write METRICS."""
    rng = np.random.default_rng(derive_seed(Seeded.load(params).seed, "evaluate"))
    train_part, validation_part, test_part = map(Ratings.load, (train, validation, test))
    scores: Metrics = {}
    if len(test_part):
        stars, ranked = (load(path, pd.read_csv, "baselines") for path in (predictions, rankings))
        inputs = Model.load(model), Ease.load(ease), stars, ranked
        with threads_for(len(train_part)):
            scores = evaluate(*inputs, train_part, validation_part, test_part, rng)
    write_metrics(metrics, scores)
    shown = ", ".join(f"{name} {value:.4f}" for name, value in scores.items() if isinstance(value, float))
    print(f"evaluate: {shown or 'there are no test ratings'}")


def evaluate(
    model: Model,
    ease: Ease,
    predictions: pd.DataFrame,
    rankings: pd.DataFrame,
    train: Ratings,
    validation: Ratings,
    test: Ratings,
    rng: np.random.Generator,
) -> Metrics:
    """Accuracy of predictions clipped to the scale of the training ratings, ranking metrics, intervals.

    `predictions` and `rankings` are what `baselines` writes.
    """
    mean, deviation = model.predict_distribution(test)
    prediction = mean.clamp(*train.scale())
    score = score_users(fold_in_users(model, train, known=True), ease, train)
    top, by_user = top_movies(score, concatenate(train, validation), test)
    ranking = {name: value.numpy() for name, value in by_user.items()}
    columns = {f"model {name}": value for name, value in ranking.items()}
    sums = squared_errors(predictions.assign(model=prediction.numpy()), test)
    return {
        **accuracy(prediction, test.rating),
        **{name: value.mean().item() for name, value in ranking.items()},
        **popularity_metrics(top, train),
        "interval_95": {
            "rmse": bootstrap_interval(rmse, *sums[["model", "n_ratings"]].to_numpy().T, rng=rng),
            **{name: bootstrap_interval(np.mean, value, rng=rng) for name, value in ranking.items()},
        },
        "against_best_baseline": {
            **compare_accuracy(sums, rng),
            **{name: compare_rankings(rankings.assign(**columns), name, rng) for name in ranking},
        },
        **({"coverage": interval_coverage((test.rating - mean) / deviation)} if model.draws > 1 else {}),
    }


if __name__ == "__main__":
    cli.run(main)
