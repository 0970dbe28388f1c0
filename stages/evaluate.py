"""evaluate: the model and the held-out ratings → its predictions, each user's scores, and the metrics.

Movies are ranked as in `stages.recommend`: by their ranking score for users folded in from training ratings.
With `boosting`, the model is fitted to parts of the training ratings, and trees to what it leaves.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from stages.core import cli, compute, files, seeds
from stages.core.parameters import PARAMS
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.fold_in import fold_in_users
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, SideInformation
from stages.ranking.boosting import boost
from stages.ranking.metrics import MODEL, Part, Score, held_out_parts, join, means, measure
from stages.ranking.score import Ranker, score_users

CHOOSING = "rmse", "ndcg_at_10", "boosted_rmse"
"""The metrics of the validation ratings that DVC compares: choices are made by these."""
DECISIVE = "rmse", "mae", "ndcg_at_10", "recall_at_10", "coverage_80", "boosted_rmse"
"""The same of the test ratings."""


class EvaluateParameters(FitParameters):
    boosting: bool


def main(
    train: Path,
    validation: Path,
    test: Path,
    side_information: Path,
    model: Path,
    ease: Path,
    predictions: Path,
    scores: Path,
    validation_metrics: Path,
    test_metrics: Path,
    params: Path = PARAMS,
) -> None:
    """Measure MODEL with EASE on VALIDATION and TEST; write PREDICTIONS, SCORES and both metrics.

    Trees are boosted with TRAIN and SIDE_INFORMATION.
    """
    parameters = EvaluateParameters.load(params)
    ratings, *held_out = map(Ratings.load, (train, validation, test))
    fitted = Model.load(model)
    parts = held_out_parts(ratings, *held_out)
    with compute.threads_for(len(ratings)):
        ranker = score_users(fold_in_users(fitted, ratings, known=True), Ranker.load(ease), ratings)
        tables = {part.name: evaluate(fitted, ranker, part) for part in parts}
        boosted = {}
        if parameters.boosting:
            trees = boosted_trees(ratings, SideInformation.load(side_information), fitted, parameters)
            boosted = {part.name: measure("boosted", part, trees(part.held_out)) for part in parts}
    files.write_csv(predictions, join([predicted for predicted, _ in tables.values()]))
    files.write_csv(scores, join([*(measured for _, measured in tables.values()), *boosted.values()]))
    found = {name: means(measured) for name, (_, measured) in tables.items()}
    for name, values in found.items():
        print(f"evaluate: {name}:", ", ".join(f"{metric} {value:.4f}" for metric, value in values.items()))
    for name, table in boosted.items():
        found[name]["boosted_rmse"] = means(table)["rmse"]
    of_validation, of_test = found.get("validation", {}), found.get("test", {})
    chosen_by = {f"validation_{name}": of_validation[name] for name in CHOOSING if name in of_validation}
    files.write_metrics(validation_metrics, chosen_by)
    files.write_metrics(test_metrics, {name: of_test[name] for name in DECISIVE if name in of_test})


def evaluate(model: Model, ranker: Score, part: Part) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The predictions of a part, in stars, in the order of its ratings; and the scores of its users."""
    stars, deviation = model.predict_distribution(part.held_out)
    columns = {name: getattr(part.held_out, name) for name in ("user", "movie", "rating")}
    columns |= {"prediction": stars.clamp(*part.scale), "deviation": deviation}
    table = pd.DataFrame({name: column.numpy() for name, column in columns.items()}).round(4)
    intervals = deviation if model.draws > 1 else None
    return table.assign(part=part.name), measure(MODEL, part, stars, ranker, intervals)


def boosted_trees(
    train: Ratings, side_information: SideInformation, model: Model, parameters: EvaluateParameters
) -> Callable[[Ratings], Tensor]:
    """The model with trees on its residuals, as a function that predicts ratings."""

    def refit(part: Ratings) -> Model:
        problem = make_problem(parameters, part, part[:0], side_information, "boosting")
        return fit(problem, parameters).model.to(torch.device("cpu"))

    return boost(train, side_information, refit, model, seeds.derive_seed(parameters.seed, "boosting"))


if __name__ == "__main__":
    cli.run(main)
