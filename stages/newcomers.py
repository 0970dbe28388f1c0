"""newcomers: users hidden from the training → how well the model answers them from a few ratings.

Some users are left out, the model is trained without them, and they are folded in from a few of their
ratings. Beside it stands the model trained again with these same ratings. Both predict, and rank, the rest.
Only ratings from the training part are used on either side.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from stages.core import cli
from stages.core.compute import run_parallel
from stages.core.files import Metrics, write_metrics
from stages.core.parameters import Count, PositivePenalty, Share
from stages.core.seeds import derive_seed
from stages.factorization.fit import SOLVERS, FitParameters, make_problem
from stages.factorization.fold_in import fold_in
from stages.factorization.model import Model, hour_of
from stages.factorization.solver import Problem, rmse
from stages.movielens.ratings import Ratings, SideInformation, concatenate
from stages.ranking import ease
from stages.ranking.metrics import ranking
from stages.ranking.score import of_users


class NewcomersParameters(FitParameters):
    """The keys that this stage reads."""

    ease_regularization: PositivePenalty
    newcomer_fraction: Share
    given_ratings: Count


class Parts(NamedTuple):
    """The training ratings of other users, and of newcomers."""

    others: Ratings
    given: Ratings
    rest: Ratings


def main(
    train: Path,
    validation: Path,
    side_information: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Hide some users of TRAIN from a training (VALIDATION, SIDE_INFORMATION), meet them; write METRICS."""
    parameters = NewcomersParameters.load(params)
    parts = divide(Ratings.load(train), parameters)
    scores: Metrics = {}
    if len(parts.rest):
        known = SideInformation.load(side_information)
        scores = compare(parts, Ratings.load(validation), known, parameters)
    write_metrics(metrics, scores)
    print(f"newcomers: RMSE {scores['rmse_ratio']:.4f} × that of training" if scores else "newcomers: none")


def divide(train: Ratings, parameters: NewcomersParameters) -> Parts:
    """Choose newcomers among the users with more ratings than are given, and which of theirs are given."""
    generator = torch.Generator().manual_seed(derive_seed(parameters.seed, "newcomers"))
    shuffled = train[torch.randperm(len(train), generator=generator)].sorted_by_user()
    count = torch.bincount(train.user, minlength=train.n_users)
    order = torch.arange(len(train)) - (count.cumsum(0) - count)[shuffled.user]  # of a user's ratings
    able = torch.nonzero(count > parameters.given_ratings).flatten()
    n_newcomers = min(round(parameters.newcomer_fraction * train.n_users), len(able))
    chosen = able[torch.randperm(len(able), generator=generator)[:n_newcomers]]
    new, first = torch.isin(shuffled.user, chosen), order < parameters.given_ratings
    return Parts(shuffled[~new], shuffled[new & first], shuffled[new & ~first])


def compare(
    parts: Parts, validation: Ratings, side_information: SideInformation, parameters: NewcomersParameters
) -> Metrics:
    """What folding in scores on the rest of the newcomers' ratings, what training again does, the ratio."""
    others, given, rest = parts
    watched = validation[~torch.isin(validation.user, rest.user)]
    both = concatenate(others, given)

    calls = [
        (make_problem(parameters, train, watched, side_information, purpose), parameters)
        for train, purpose in ((others, "without newcomers"), (both, "with newcomers"))
    ]
    without, again = run_parallel(fit, calls, len(both))
    scale = others.scale()
    predicted = {"fold_in": predict(without, given, rest), "retrained": again.predict(rest)}
    ease_without, ease_again = (ease.fit(train, parameters.ease_regularization) for train in (others, both))
    scores = {
        "fold_in": of_users(without, ease_without, given, known=False),
        "retrained": of_users(again, ease_again, given),
    }
    rows = {
        name: {"rmse": rmse(predicted[name].clamp(*scale), rest.rating), **ranking(scores[name], given, rest)}
        for name in predicted
    }
    ratio = rows["fold_in"]["rmse"] / rows["retrained"]["rmse"]
    sizes = {"n_newcomers": len(rest.user.unique()), "n_given": len(given), "n_predicted": len(rest)}
    return {**sizes, **rows, "rmse_ratio": ratio}


def fit(problem: Problem, parameters: FitParameters) -> Model:
    """The model by one training."""
    return SOLVERS[parameters.solver](problem, parameters).model.to(torch.device("cpu"))


def predict(model: Model, given: Ratings, rest: Ratings) -> Float[Tensor, " n_rest"]:
    """Stars for the rest of each newcomer's ratings, folded in from those given, at the times of the rest."""
    stars = torch.zeros(len(rest))
    for user in rest.user.unique():
        own, asked = given[given.user == user], rest.user == user
        person = fold_in(model, own.movie, own.rating, hour_of(own.timestamp))
        effect = person.effect_in(hour_of(rest.timestamp[asked]))
        stars[asked] = person.stars()[rest.movie[asked]] + effect
    return stars


if __name__ == "__main__":
    cli.run(main)
