"""baselines: the prepared ratings → what the simplest answers score on the same test ratings.

No parameter of the model plays a part here, so that the yardstick stays put while the model varies.
"""

from pathlib import Path
from typing import Annotated

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from stages import command
from stages.factorization import adam
from stages.factorization.model import Model
from stages.factorization.solver import Hyperparameters, Problem
from stages.measures import Score, accuracy, ranking
from stages.movielens import catalogue
from stages.movielens.ratings import Ratings, concatenate
from stages.outputs import write_metrics
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
)


class BaselinesParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, to mark what is measured on generated ratings."""
    seed: Seed
    """Root of the start of the notebook's recipe and of its order of ratings."""
    baseline_regularization: Annotated[float, Field(ge=0, le=1e6)]
    """L2 penalty on each bias of the bias baseline."""


def main(
    train: Path, validation: Path, test: Path, metrics: Path, params: Path = Path("params.yaml")
) -> None:
    """Measure every baseline on the ratings TEST, fitted to TRAIN alone; write METRICS."""
    parameters = BaselinesParameters.load(params)
    train_ratings, validation_ratings, test_ratings = map(Ratings.load, (train, validation, test))
    rows = evaluate(train_ratings, validation_ratings, test_ratings, parameters) if len(test_ratings) else {}
    write_metrics(metrics, rows, synthetic=catalogue.is_synthetic(parameters.dataset))


def evaluate(
    train: Ratings, validation: Ratings, test: Ratings, parameters: BaselinesParameters
) -> dict[str, dict[str, float]]:
    """A row of measures for each baseline, the same as the model's."""
    seen = concatenate(train, validation)
    rows = {"popularity": ranking(popularity(train), seen, test)}
    for name, model in fit_all(train, validation, parameters).items():
        prediction = model.predict(test.user, test.movie).clamp(*train.scale())
        rows[name] = accuracy(prediction, test.rating)
        if name != "global_mean":  # it ranks no movie above another
            rows[name] |= ranking(model.score, seen, test)
    return rows


def fit_all(train: Ratings, validation: Ratings, parameters: BaselinesParameters) -> dict[str, Model]:
    """Every baseline that predicts ratings, by name."""
    return {
        "global_mean": global_mean(train),
        "biases": biases(train, parameters.baseline_regularization),
        "notebook": notebook(train, validation, parameters.seed),
    }


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
    return Model(mean, user_biases.float(), movie_biases.float(), *none)


def _shrunken_mean(
    value: Float[Tensor, " n_ratings"], group: Int[Tensor, " n_ratings"], n_groups: int, penalty: float
) -> Float[Tensor, " n_groups"]:
    total = torch.bincount(group, weights=value, minlength=n_groups)
    count = torch.bincount(group, minlength=n_groups)
    return total / (count + penalty).clamp(min=1)


def notebook(train: Ratings, validation: Ratings, seed: int) -> Model:
    """The notebook's recipe as it stands: 8 factors, no biases, no penalty, 128 epochs of Adam."""
    generator = torch.Generator().manual_seed(derive(seed, "train"))
    problem = Problem(train, validation, torch.device("cpu"), generator)
    return adam.fit(problem, NOTEBOOK).model


def popularity(train: Ratings) -> Score:
    """Ranks movies by their number of training ratings, the same for everybody.

    Of two movies with as many, the earlier in MovieLens comes first.
    """
    count = torch.bincount(train.movie, minlength=train.n_movies)
    rank = count.argsort(descending=True, stable=True).argsort()
    return lambda user: -rank.float().expand(len(user), -1)


if __name__ == "__main__":
    command.run(main)
