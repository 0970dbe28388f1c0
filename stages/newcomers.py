"""newcomers: users hidden from training → how well the model predicts and ranks for them from a few ratings.

Some users are left out of training, and folded in from a few of their ratings. The rest of their ratings are
predicted and ranked. All ratings are from the training part.
"""

from pathlib import Path

import torch

from stages.core import cli
from stages.core.cli import UserError
from stages.core.compute import threads_for
from stages.core.files import Metrics, write_metrics
from stages.core.parameters import Count, PositivePenalty, Share
from stages.core.seeds import derive_seed
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.fold_in import fold_in_users
from stages.factorization.solver import rmse
from stages.movielens.ratings import Ratings, SideInformation
from stages.ranking import ease
from stages.ranking.metrics import ranking_metrics
from stages.ranking.score import score_users


class NewcomersParameters(FitParameters):
    """The keys that this stage reads."""

    ease_regularization: PositivePenalty
    newcomer_fraction: Share
    study: bool
    given_ratings: Count


def main(
    train: Path, validation: Path, side_information: Path, metrics: Path, params: Path = Path("params.yaml")
) -> None:
    """Hide users of TRAIN from a fit with VALIDATION and SIDE_INFORMATION, fold them in; write METRICS."""
    parameters = NewcomersParameters.load(params)
    scores: Metrics = {}
    if parameters.study:
        others, given, held_out = split_newcomers(Ratings.load(train), parameters)
        if len(held_out):
            inputs = Ratings.load(validation), SideInformation.load(side_information)
            with threads_for(len(others)):
                scores = evaluate(others, given, held_out, *inputs, parameters)
    write_metrics(metrics, scores)
    print(f"newcomers: {scores.get('fold_in', 'not measured')}")


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


def evaluate(
    others: Ratings,
    given: Ratings,
    held_out: Ratings,
    validation: Ratings,
    side_information: SideInformation,
    parameters: NewcomersParameters,
) -> Metrics:
    """Metrics of folding in on the held-out ratings."""
    validation = validation[~torch.isin(validation.user, held_out.user)]
    problem = make_problem(parameters, others, validation, side_information, "without newcomers")
    model = fold_in_users(fit(problem, parameters).model.to(torch.device("cpu")), given, known=False)
    score = score_users(model, ease.fit(others, parameters.ease_regularization), given)
    return {
        "n_newcomers": len(given.user.unique()),
        "n_given": len(given),
        "n_predicted": len(held_out),
        "fold_in": {
            "rmse": rmse(model.predict(held_out).clamp(*others.scale()), held_out.rating),
            **ranking_metrics(score, given, held_out),
        },
    }


if __name__ == "__main__":
    cli.run(main)
