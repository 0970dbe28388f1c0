"""baselines: the prepared ratings → EASE, the short-history ridge, and each user's scores by simple methods.

Baselines do not depend on parameters of the model, so that they stay the same while the model varies.
"""

from pathlib import Path

import pandas as pd

from stages.core import cli
from stages.core.compute import threads_for
from stages.core.files import write_bytes, write_csv
from stages.core.parameters import Parameters, Penalty, PositivePenalty
from stages.factorization.model import NotebookFactors
from stages.movielens.ratings import Ratings, SideInformation
from stages.ranking.baselines import Baseline, fit_baselines
from stages.ranking.metrics import Part, held_out_parts, join, means, measure
from stages.ranking.score import fit_known, fit_new


class BaselinesParameters(Parameters):
    baseline_regularization: Penalty
    ease_regularization: PositivePenalty


def main(
    train: Path,
    validation: Path,
    test: Path,
    side_information: Path,
    notebook: Path,
    ease: Path,
    ridge: Path,
    scores: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure NOTEBOOK and the baselines, fitted to TRAIN, on VALIDATION and TEST; write SCORES.

    EASE and RIDGE are fitted with the genres of SIDE_INFORMATION, and written.
    """
    parameters = BaselinesParameters.load(params)
    ratings, *held_out = map(Ratings.load, (train, validation, test))
    factors = NotebookFactors.load(notebook)
    penalties = parameters.baseline_regularization, parameters.ease_regularization
    with threads_for(len(ratings)):
        genres = SideInformation.load(side_information).genres
        on_stars = fit_known(ratings, genres, parameters.ease_regularization)
        write_bytes(ease, on_stars.serialize())
        write_bytes(ridge, fit_new(ratings, genres).serialize())
        parts = held_out_parts(ratings, *held_out)
        baselines = fit_baselines(ratings, factors, on_stars, *penalties) if parts else ()
        tables = [score_baseline(name, each, parts) for name, each in baselines]
    write_csv(scores, join(tables))


def score_baseline(name: str, baseline: Baseline, parts: list[Part]) -> pd.DataFrame:
    """The table by `metrics.measure` for all parts; prints the metrics of the last."""
    tables = []
    for part in parts:
        stars = baseline.predict(part.held_out) if baseline.predict else None
        tables.append(measure(name, part, stars, baseline.score))
    shown = ", ".join(f"{metric} {value:.4f}" for metric, value in means(tables[-1]).items())
    print(f"baselines: {name}: {parts[-1].name}: {shown}", flush=True)
    return join(tables)


if __name__ == "__main__":
    cli.run(main)
