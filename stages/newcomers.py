"""newcomers: users hidden from training → how well the model predicts and ranks for them from a few ratings.

Some users are left out of training and folded in from a few of their ratings. For comparison, the model is
trained again with these. Both predict and rank the rest. All ratings are from the training part.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from stages.core import cli
from stages.core.cli import UserError
from stages.core.compute import run_parallel, threads_for
from stages.core.files import Metrics, write_metrics
from stages.core.parameters import Count, PositivePenalty, Share
from stages.core.seeds import derive_seed
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.model import Model, hour_of
from stages.factorization.solver import rmse
from stages.movielens.ratings import Ratings, SideInformation, concatenate
from stages.ranking import ease
from stages.ranking.metrics import ranking_metrics
from stages.ranking.score import posteriors, score_users


class NewcomersParameters(FitParameters):
    """The keys that this stage reads."""

    ease_regularization: PositivePenalty
    newcomer_fraction: Share
    given_ratings: Count


def main(
    train: Path, validation: Path, side_information: Path, metrics: Path, params: Path = Path("params.yaml")
) -> None:
    """Hide users of TRAIN from a fit with VALIDATION and SIDE_INFORMATION, fold them in; write METRICS."""
    parameters = NewcomersParameters.load(params)
    others, given, held_out = split_newcomers(Ratings.load(train), parameters)
    scores: Metrics = {}
    if len(held_out):
        inputs = Ratings.load(validation), SideInformation.load(side_information)
        with threads_for(len(others) + len(given)):
            scores = compare(others, given, held_out, *inputs, parameters)
    write_metrics(metrics, scores)
    shown = [f"{name} {value:.6g}" for name, value in scores.items() if isinstance(value, int | float)]
    print(f"newcomers: {', '.join(shown) or 'none'}")


def split_newcomers(train: Ratings, parameters: NewcomersParameters) -> tuple[Ratings, Ratings, Ratings]:
    """The ratings of users who are not newcomers, and those of newcomers that are given and held out.

    Newcomers are chosen among users with more than `given_ratings` ratings. Raises UserError if no other user
    has ratings.
    """
    generator = torch.Generator().manual_seed(derive_seed(parameters.seed, "newcomers"))
    shuffled = train[torch.randperm(len(train), generator=generator)].sorted_by_user()
    count = torch.bincount(train.user, minlength=train.n_users)
    position = torch.arange(len(train)) - (count.cumsum(0) - count)[shuffled.user]  # among the user's ratings
    eligible = torch.nonzero(count > parameters.given_ratings).flatten()
    n_newcomers = min(round(parameters.newcomer_fraction * train.n_users), len(eligible))
    chosen = eligible[torch.randperm(len(eligible), generator=generator)[:n_newcomers]]
    is_new, is_given = torch.isin(shuffled.user, chosen), position < parameters.given_ratings
    if is_new.all():
        fraction = parameters.newcomer_fraction
        raise UserError(f"newcomer_fraction is {fraction:g}, which leaves no ratings to train on; lower it")
    return shuffled[~is_new], shuffled[is_new & is_given], shuffled[is_new & ~is_given]


def compare(
    others: Ratings,
    given: Ratings,
    held_out: Ratings,
    validation: Ratings,
    side_information: SideInformation,
    parameters: NewcomersParameters,
) -> Metrics:
    """Metrics of folding in and of retraining on the held-out ratings, and the ratio of their RMSEs."""
    both = concatenate(others, given)
    validation = validation[~torch.isin(validation.user, held_out.user)]
    calls = [
        (make_problem(parameters, train, validation, side_information, purpose), parameters)
        for train, purpose in ((others, "without newcomers"), (both, "with newcomers"))
    ]
    without, retrained = (each.model.to(torch.device("cpu")) for each in run_parallel(fit, calls, len(both)))
    predictions = {"fold_in": predict(without, given, held_out), "retrained": retrained.predict(held_out)}
    rows = {}
    for name, model, train in (("fold_in", without, others), ("retrained", retrained, both)):
        seen = ease.fit(train, parameters.ease_regularization)
        score = score_users(model, seen, given, known=train is both)
        error = rmse(predictions[name].clamp(*others.scale()), held_out.rating)
        rows[name] = {"rmse": error, **ranking_metrics(score, given, held_out)}
    sizes = {"n_newcomers": len(given.user.unique()), "n_given": len(given), "n_predicted": len(held_out)}
    if not rows["retrained"]["rmse"]:
        return {**sizes, **rows}
    return {**sizes, **rows, "rmse_ratio": rows["fold_in"]["rmse"] / rows["retrained"]["rmse"]}


def predict(model: Model, given: Ratings, held_out: Ratings) -> Float[Tensor, " n_held_out"]:
    """Stars of the held-out ratings, at their times, for new users folded in from the given ratings."""
    stars = torch.zeros(len(held_out))
    fold_in_user = posteriors(model, given, known=False)
    for user in held_out.user.unique().tolist():
        rows, posterior = held_out.user == user, fold_in_user(user)
        session_effect = posterior.effect_in(hour_of(held_out.timestamp[rows]))
        stars[rows] = posterior.stars()[held_out.movie[rows]] + session_effect
    return stars


if __name__ == "__main__":
    cli.run(main)
