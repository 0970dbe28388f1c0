"""evaluate: the model and the test ratings → how well it predicts and ranks what it has not seen, how surely.

Movies are ranked as `stages.recommend` ranks them: by their appeal to the user, folded in from the training
ratings.
"""

from pathlib import Path

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from stages.core import cli
from stages.core.files import Metrics, write_metrics
from stages.core.parameters import Seeded
from stages.core.seeds import derive_seed
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, concatenate
from stages.ranking import bootstrap
from stages.ranking.ease import Ease
from stages.ranking.metrics import accuracy, recommend
from stages.ranking.score import of_users


def main(
    train: Path,
    validation: Path,
    test: Path,
    model: Path,
    ease: Path,
    baselines: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure MODEL with EASE on the ratings TEST, beside TRAIN, VALIDATION and BASELINES; write METRICS."""
    parameters = Seeded.load(params)
    learned, watched, held_out = map(Ratings.load, (train, validation, test))
    scores: Metrics = {}
    if len(held_out):
        fitted, seen = Model.load(model), Ease.load(ease)
        scores = evaluate(fitted, learned, watched, held_out, pd.read_csv(baselines), seen, parameters)
    write_metrics(metrics, scores)
    shown = ", ".join(f"{name} {value:.4f}" for name, value in scores.items() if isinstance(value, float))
    print(f"evaluate: {shown or 'there are no test ratings'}")


def evaluate(
    model: Model,
    train: Ratings,
    validation: Ratings,
    test: Ratings,
    baselines: pd.DataFrame,
    ease: Ease,
    parameters: Seeded,
) -> Metrics:
    """Accuracy of predictions clipped to the training ratings' scale, ranking of all unseen movies, bounds.

    `baselines` has a column of predictions of the test ratings for each baseline.
    """
    generator = torch.Generator().manual_seed(derive_seed(parameters.seed, "evaluate"))
    mean, deviation = model.predict_distribution(test)
    prediction = mean.clamp(*train.scale())
    lists = recommend(of_users(model, ease, train), seen=concatenate(train, validation), test=test)
    by_user = lists.quality()
    squared_error = (prediction - test.rating).square()
    bounds = {
        "rmse": bootstrap.of_rmse(squared_error, test.user, generator),
        **{name: bootstrap.of_mean(value, generator) for name, value in by_user.items()},
    }
    return {
        **accuracy(prediction, test.rating),
        **{name: value.mean().item() for name, value in by_user.items()},
        **lists.reach(train),
        "interval_95": bounds,
        "against_best_baseline": compare(squared_error, test, baselines, generator),
        **({"coverage": bootstrap.coverage(test.rating, mean, deviation)} if model.draws > 1 else {}),
    }


def compare(
    squared_error: Float[Tensor, " n_ratings"],
    test: Ratings,
    baselines: pd.DataFrame,
    generator: torch.Generator,
) -> Metrics:
    """The difference in RMSE to the best baseline, with its interval: below 0 the model is better."""
    errors = {
        str(name): (torch.tensor(column.to_numpy(), dtype=torch.float32) - test.rating).square()
        for name, column in baselines.items()
    }
    if not errors:
        return {}
    best = min(errors, key=lambda name: errors[name].double().mean().item())
    difference = squared_error.double().mean().sqrt() - errors[best].double().mean().sqrt()
    interval = bootstrap.of_rmse_difference(squared_error, errors[best], test.user, generator)
    return {"name": best, "rmse_difference": difference.item(), **interval}


if __name__ == "__main__":
    cli.run(main)
