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
from stages.movielens.ratings import Ratings, concatenate
from stages.ranking.baselines import Baseline, fit_baselines
from stages.ranking.ease import fit
from stages.ranking.metrics import accuracy, ranking_metrics


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
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure NOTEBOOK and the baselines, fitted to TRAIN, on TEST; write EASE, PREDICTIONS and METRICS."""
    parameters = BaselinesParameters.load(params)
    train_part, validation_part, test_part = map(Ratings.load, (train, validation, test))
    factors = NotebookFactors.load(notebook)
    with threads_for(len(train_part)):
        fitted = fit(train_part, parameters.ease_regularization)
        write_bytes(ease, fitted.serialize())
        baselines = fit_baselines(train_part, factors, fitted, parameters.baseline_regularization)
        table, rows = measure(baselines, train_part, validation_part, test_part)
    write_csv(predictions, table)
    write_metrics(metrics, rows)


def measure(
    baselines: Iterator[tuple[str, Baseline]], train: Ratings, validation: Ratings, test: Ratings
) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    """Predictions of the test ratings, a column for each baseline that predicts, and the metrics of each."""
    table = pd.DataFrame(index=range(len(test)))
    rows: dict[str, dict[str, float]] = {}
    seen = concatenate(train, validation)
    for name, baseline in baselines if len(test) else ():
        rows[name] = {}
        if baseline.predict:
            stars = baseline.predict(test).clamp(*train.scale())
            table[name] = stars.numpy()
            rows[name] |= accuracy(stars, test.rating)
        if baseline.score:
            rows[name] |= ranking_metrics(baseline.score, seen, test)
        shown = ", ".join(f"{metric} {value:.4f}" for metric, value in rows[name].items())
        print(f"baselines: {name}: {shown}")
    return table.round(4), rows


if __name__ == "__main__":
    cli.run(main)
