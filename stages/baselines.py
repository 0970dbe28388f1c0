"""baselines: the prepared ratings → EASE, the short-history ridge, and each user's scores by simple methods.

Baselines do not depend on parameters of the model, so that they stay the same while the model varies.
"""

from pathlib import Path

from stages.core import cli, compute, files
from stages.core.parameters import PARAMS, Parameters, Penalty, PositivePenalty
from stages.factorization.model import NotebookFactors
from stages.movielens.ratings import Ratings, SideInformation
from stages.ranking.baselines import fit_baselines
from stages.ranking.metrics import held_out_parts, join, means, measure
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
    params: Path = PARAMS,
) -> None:
    """Measure NOTEBOOK and the baselines, fitted to TRAIN, on VALIDATION and TEST; write SCORES.

    EASE and RIDGE are fitted with the genres of SIDE_INFORMATION, and written.
    """
    parameters = BaselinesParameters.load(params)
    ratings, *held_out = map(Ratings.load, (train, validation, test))
    factors = NotebookFactors.load(notebook)
    penalties = parameters.baseline_regularization, parameters.ease_regularization
    with compute.threads_for(len(ratings)):
        genres = SideInformation.load(side_information).genres
        on_stars = fit_known(ratings, genres, parameters.ease_regularization)
        files.write_bytes(ease, on_stars.serialize())
        files.write_bytes(ridge, fit_new(ratings, genres).serialize())
        parts = held_out_parts(ratings, *held_out)
        baselines, tables = fit_baselines(ratings, factors, on_stars, *penalties) if parts else (), []
        for name, predict, score in baselines:
            tables += [measure(name, part, predict and predict(part.held_out), score) for part in parts]
            shown = ", ".join(f"{metric} {value:.4f}" for metric, value in means(tables[-1]).items())
            print(f"baselines: {name}: {parts[-1].name}: {shown}", flush=True)
    files.write_csv(scores, join(tables))


if __name__ == "__main__":
    cli.run(main)
