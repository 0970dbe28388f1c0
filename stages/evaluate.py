"""evaluate: the model and the test ratings → how well it predicts and ranks what it has not seen, how surely.

A list of movies for a user is ordered by the chance that they would see a movie and give it 4 stars or more:
EASE's estimate of the former, from who rated what, times the model's probability of the latter. A list by
predicted stars alone is full of movies that hardly anybody has seen.
"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from stages import command, ease, intervals
from stages.factorization.model import Model
from stages.measures import RELEVANT, Score, accuracy, ranking_by_user
from stages.movielens import catalogue
from stages.movielens.ratings import Ratings, concatenate
from stages.outputs import Metrics, write_metrics
from stages.params import Parameters, Seed
from stages.randomness import derive

HALF_STEP = 0.25
"""Stars: what is predicted above 3.75 would be given as 4."""
UNSEEN = 1e-6
"""The least chance of being seen: EASE's estimates may be below 0."""


class EvaluateParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, to mark what is measured on generated ratings."""
    seed: Seed
    """Root of the resamples of the bootstrap."""
    ease_regularization: Annotated[float, Field(gt=0, le=1e6)]
    """L2 penalty of EASE (λ), which estimates the chance of being seen."""


def main(
    train: Path,
    validation: Path,
    test: Path,
    model: Path,
    baselines: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure MODEL on the ratings TEST, beside TRAIN and VALIDATION and the BASELINES; write METRICS."""
    parameters = EvaluateParameters.load(params)
    learned, watched, held_out = map(Ratings.load, (train, validation, test))
    scores: Metrics = {}
    if len(held_out):
        scores = evaluate(Model.load(model), learned, watched, held_out, pd.read_csv(baselines), parameters)
    write_metrics(metrics, scores, synthetic=catalogue.is_synthetic(parameters.dataset))
    shown = ", ".join(f"{name} {value:.4f}" for name, value in scores.items() if isinstance(value, float))
    print(f"evaluate: {catalogue.label(parameters.dataset)}: {shown or 'there are no test ratings'}")


def evaluate(
    model: Model,
    train: Ratings,
    validation: Ratings,
    test: Ratings,
    baselines: pd.DataFrame,
    parameters: EvaluateParameters,
) -> Metrics:
    """Accuracy of predictions clipped to the training ratings' scale, ranking of all unseen movies, bounds.

    `baselines` has a column of predictions of the test ratings for each baseline.
    """
    generator = torch.Generator().manual_seed(derive(parameters.seed, "evaluate"))
    mean, deviation = model.predict_distribution(test)
    prediction = mean.clamp(*train.scale())
    chance_seen = ease.fit(train, parameters.ease_regularization)
    by_user = ranking_by_user(
        seen_and_liked(model, chance_seen), seen=concatenate(train, validation), test=test
    )
    squared_error = (prediction - test.rating).square()
    bounds = {
        "rmse": intervals.of_rmse(squared_error, test.user, generator),
        **{name: intervals.of_mean(value, generator) for name, value in by_user.items()},
    }
    return {
        **accuracy(prediction, test.rating),
        **{name: value.mean().item() for name, value in by_user.items()},
        "interval_95": bounds,
        "against_best_baseline": compare(squared_error, test, baselines, generator),
        **({"coverage": intervals.coverage(test.rating, mean, deviation)} if model.draws > 1 else {}),
    }


def seen_and_liked(model: Model, chance_seen: Score) -> Score:
    """The chance that a user sees a movie and gives it 4 stars or more, by which movies are ranked."""

    def score(user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        spread = model.noise.float().mean(dim=0)[user, None].sqrt().clamp(min=1e-3)
        liked: Tensor = torch.special.ndtr((model.score(user) - (RELEVANT - HALF_STEP)) / spread)
        return chance_seen(user).clamp(min=UNSEEN) * liked

    return score


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
    interval = intervals.of_rmse_difference(squared_error, errors[best], test.user, generator)
    return {"name": best, "rmse_difference": difference.item(), **interval}


if __name__ == "__main__":
    command.run(main)
