"""newcomers: users hidden from training → how well the model predicts and ranks for them from a few ratings.

Some users are left out of training, and folded in from a few of their ratings. The rest of their ratings are
predicted and ranked. All ratings are from the training part.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.core import cli
from stages.core.cli import UserError
from stages.core.compute import threads_for
from stages.core.files import Metrics, write_metrics
from stages.core.parameters import Count, Penalty, PositivePenalty, Share
from stages.core.seeds import derive_seed
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.fold_in import fold_in_users
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, SideInformation, concatenate
from stages.ranking.baselines import biases, ease_score, popularity
from stages.ranking.bootstrap import compare_accuracy, compare_rankings, squared_errors
from stages.ranking.bootstrap import rmse as root_mean_squared_error
from stages.ranking.ease import Ease
from stages.ranking.metrics import RANKING_METRICS, ranking_table, rating_rows
from stages.ranking.neighbours import fits_in_memory, item_similarities, rank_by_items
from stages.ranking.score import DISLIKED, fit_ease, score_users, shares

GIVEN = 3, 5, 10  # numbers of ratings after which movies are ranked, all for the same held-out ratings
SIMILAR, PAIRS = 10, 500


class NewcomersParameters(FitParameters):
    """The keys that this stage reads."""

    baseline_regularization: Penalty
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
    """The ratings of users who are not newcomers, and those of newcomers that may be given, and that are not.

    Newcomers are chosen among users with more ratings than may be given: `given_ratings`, or 10 if that is
    more. Raises UserError if no other user has ratings.
    """
    generator = torch.Generator().manual_seed(derive_seed(parameters.seed, "newcomers"))
    shuffled = train[torch.randperm(len(train), generator=generator)].sorted_by_user()
    count = torch.bincount(train.user, minlength=train.n_users)
    most_given = max(parameters.given_ratings, *GIVEN)
    eligible = torch.nonzero(count > most_given).flatten()
    n_newcomers = min(round(parameters.newcomer_fraction * train.n_users), len(eligible))
    chosen = eligible[torch.randperm(len(eligible), generator=generator)[:n_newcomers]]
    is_new, is_given = torch.isin(shuffled.user, chosen), position(shuffled) < most_given
    if is_new.all():
        fraction = parameters.newcomer_fraction
        raise UserError(f"newcomer_fraction is {fraction:g}, which leaves no ratings to train on; lower it")
    return shuffled[~is_new], shuffled[is_new & is_given], shuffled[is_new & ~is_given]


def position(by_user: Ratings) -> Int[Tensor, " n_ratings"]:
    """The position of each rating among those of its user."""
    count = torch.bincount(by_user.user, minlength=by_user.n_users)
    return torch.arange(len(by_user)) - (count.cumsum(0) - count)[by_user.user]


def evaluate(
    others: Ratings,
    given: Ratings,
    held_out: Ratings,
    validation: Ratings,
    side_information: SideInformation,
    parameters: NewcomersParameters,
) -> Metrics:
    """Metrics on the held-out ratings; the numbers in names are of given ratings."""
    validation = validation[~torch.isin(validation.user, held_out.user)]
    problem = make_problem(parameters, others, validation, side_information, "without newcomers")
    model = fit(problem, parameters).model.to(torch.device("cpu"))
    ease = fit_ease(others, parameters.ease_regularization)
    similarity = item_similarities(others) if fits_in_memory(others) else torch.zeros(0, 0)
    rng = np.random.default_rng(derive_seed(parameters.seed, "newcomers"))

    # EASE is tuned for newcomers, on folds of the training and validation ratings
    on_stars = fit_ease(others, 2 * parameters.ease_regularization, constant=0.5)
    n_given, folded, ranked = parameters.given_ratings, dict[int, Model](), dict[int, pd.DataFrame]()
    for n in {n_given, *GIVEN}:
        first = given[position(given) < n]
        folded[n] = fold_in_users(model, first, known=False)
        scores = {"model": score_users(folded[n], ease, first), "popularity": popularity(others)}
        scores["ease_stars"] = ease_score(on_stars, shares(first))
        if len(similarity):
            scores["neighbours"] = rank_by_items(first, similarity)
        tables = [ranking_table(name, score, first, held_out) for name, score in scores.items()]
        ranked[n] = pd.concat(tables, axis="columns")
    known = concatenate(others, given[position(given) < n_given])
    biased = biases(known, parameters.baseline_regularization)
    stars = {"model": folded[n_given].predict(held_out), "biases": biased.predict(held_out)}
    clipped = {name: value.clamp(*others.scale()).numpy() for name, value in stars.items()}
    errors = squared_errors(pd.DataFrame(clipped), held_out)
    comparisons = {metric: compare_rankings(ranked[n_given], metric, rng) for metric in RANKING_METRICS}
    return {
        "n_newcomers": len(errors),
        "n_given": len(known) - len(others),
        "n_predicted": len(held_out),
        "fold_in": {
            "rmse": float(root_mean_squared_error(*errors[["model", "n_ratings"]].to_numpy().T, axis=0)),
            **means(ranked[n_given].filter(like="model")),
            "against_best_baseline": {**compare_accuracy(errors, rng), **comparisons},
        },
        **{f"after_{n}": means(ranked[n]) for n in GIVEN},
        **(dislike_respected(model, ease, similarity, given, held_out) if len(similarity) else {}),
    }


def means(ranked: pd.DataFrame) -> Metrics:
    """The mean of each ranking metric; those of the model have no prefix."""
    values = ranked.mean().dropna().items()
    return {str(name).removeprefix("model ").replace(" ", "_"): value for name, value in values}


def dislike_respected(
    model: Model,
    ease: Ease,
    similarity: Float[Tensor, "n_movies n_movies"],
    given: Ratings,
    held_out: Ratings,
) -> Metrics:
    """How often the `SIMILAR` movies most similar to a disliked one rank lower on average by that rating.

    The rating is added to the given ones of its user; at most `PAIRS` ratings are tried.
    """
    disliked = held_out[held_out.rating <= DISLIKED][:PAIRS]
    if not len(disliked):
        return {}
    pair, row = torch.nonzero(disliked.user[:, None] == given.user, as_tuple=True)
    n_pairs = len(disliked)
    everybody = torch.arange(n_pairs)
    without = replace(given[row], user=pair, n_users=n_pairs)
    with_dislike = concatenate(without, replace(disliked, user=everybody, n_users=n_pairs)).sorted_by_user()
    rated = rating_rows(with_dislike, everybody) > 0
    similar = similarity[disliked.movie].masked_fill(rated, -1).topk(min(SIMILAR, given.n_movies)).indices
    rank = []
    for ratings in (without, with_dislike):
        score = score_users(fold_in_users(model, ratings, known=False), ease, ratings)(everybody)
        order = score.masked_fill(rated, -torch.inf).argsort(dim=1, descending=True, stable=True)
        rank.append(order.argsort(dim=1).gather(1, similar).double().mean(dim=1))
    return {"dislike_respected": (rank[1] > rank[0]).double().mean().item()}


if __name__ == "__main__":
    cli.run(main)
