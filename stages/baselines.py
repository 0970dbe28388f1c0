"""baselines: the prepared ratings → EASE, and test metrics of the notebook's recipe and of simple methods.

Baselines do not depend on parameters of the model, so that they stay the same while the model varies.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from stages.core import cli
from stages.core.compute import threads_for
from stages.core.files import write_bytes, write_csv, write_metrics
from stages.core.parameters import Parameters, Penalty, PositivePenalty
from stages.factorization.fit import NotebookFactors
from stages.factorization.solver import rmse
from stages.movielens.ratings import Ratings, concatenate
from stages.ranking.baselines import Baseline, fit_baselines
from stages.ranking.metrics import accuracy, ranking_table
from stages.ranking.score import fit_ease


class BaselinesParameters(Parameters):
    """The keys that this stage reads."""

    baseline_regularization: Penalty
    ease_regularization: PositivePenalty


def main(
    train: Path,
    validation: Path,
    test: Path,
    notebook: Path,
    ease: Path,
    predictions: Path,
    rankings: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure NOTEBOOK and the baselines, fitted to TRAIN, on TEST; write what they predict and METRICS."""
    parameters = BaselinesParameters.load(params)
    train_part, validation_part, test_part = map(Ratings.load, (train, validation, test))
    factors = NotebookFactors.load(notebook)
    penalties = parameters.baseline_regularization, parameters.ease_regularization
    with threads_for(len(train_part)):
        on_stars = fit_ease(train_part, parameters.ease_regularization)
        write_bytes(ease, on_stars.serialize())
        baselines = fit_baselines(train_part, factors, on_stars, *penalties)
        stars, ranked, rows = measure(baselines, train_part, validation_part, test_part)
    write_csv(predictions, stars)
    write_csv(rankings, ranked)
    write_metrics(metrics, rows)


def measure(
    baselines: Iterator[tuple[str, Baseline]], train: Ratings, validation: Ratings, test: Ratings
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, dict[str, float]]]:
    """Predictions of the test ratings by baseline, its ranking metrics by user, and the metrics of each.

    The ranking metrics are in columns such as "ease ndcg_at_10", with a row for each user who has them.
    """
    predictions, rankings = pd.DataFrame(index=range(len(test))), pd.DataFrame()
    rows: dict[str, dict[str, float]] = {}
    seen = concatenate(train, validation)
    for name, baseline in baselines if len(test) else ():
        rows[name] = {}
        if baseline.predict:
            stars = baseline.predict(test).clamp(*train.scale())
            predictions[name] = stars.numpy()
            rows[name] |= accuracy(stars, test.rating)
            if len(validation):
                stars = baseline.predict(validation).clamp(*train.scale())
                rows[name]["validation_rmse"] = rmse(stars, validation.rating)
        if baseline.score:
            ranked = ranking_table(name, baseline.score, seen, test)
            rows[name] |= {str(key).split()[1]: value for key, value in ranked.mean().dropna().items()}
            rankings = pd.concat([rankings, ranked], axis="columns")
        shown = ", ".join(f"{metric} {value:.4f}" for metric, value in rows[name].items())
        print(f"baselines: {name}: {shown}")
    return predictions.round(4), rankings.round(6), rows


if __name__ == "__main__":
    cli.run(main)
