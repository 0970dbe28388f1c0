"""newcomers: users and visits hidden from training → how well the model predicts and ranks for them.

Some users are left out of training, and folded in from a few of their ratings; the others are predicted and
ranked. Of other users, whole visits are left out and predicted. All ratings are from the training part.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from jaxtyping import Int
from torch import Tensor

from stages.core import cli, compute, files, seeds
from stages.core.parameters import PARAMS, Count, Penalty, PositivePenalty, Share
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.fold_in import fold_in_users
from stages.movielens.ratings import Ratings, SideInformation, concatenate, hidden_visits
from stages.ranking import ease, neighbours
from stages.ranking.baselines import biases, ease_score, popularity
from stages.ranking.metrics import MODEL, Part, join, means, measure
from stages.ranking.score import fit_new, score_users, shares

GIVEN = 3, 5, 10  # numbers of ratings after which the same held-out ratings are predicted and ranked
DECISIVE = 5  # of these, besides `given_ratings`, the number whose metrics DVC compares
COMPARED = "rmse", "ndcg_at_10", "corrected_ndcg_at_10"  # the last after `given_ratings` alone


class NewcomersParameters(FitParameters):
    baseline_regularization: Penalty
    ease_regularization: PositivePenalty
    newcomer_fraction: Share
    study: bool
    given_ratings: Count


def main(
    train: Path, validation: Path, side_information: Path, scores: Path, metrics: Path, params: Path = PARAMS
) -> None:
    """Hide users of TRAIN from a fit with VALIDATION and SIDE_INFORMATION; write their SCORES and METRICS."""
    parameters = NewcomersParameters.load(params)
    table, found = join([]), dict[str, object]()
    if parameters.study:
        ratings, known = Ratings.load(train), SideInformation.load(side_information)
        with compute.threads_for(len(ratings)):
            table, found = evaluate(ratings, Ratings.load(validation), known, parameters)
    files.write_csv(scores, table)
    files.write_metrics(metrics, found)
    print(f"newcomers: {found or 'not measured'}")


def split_newcomers(train: Ratings, parameters: NewcomersParameters) -> tuple[Ratings, Ratings, Ratings]:
    """The ratings of users who are not newcomers, and those of newcomers that may be given, and that are not.

    All have more ratings than may be given. Raises UserError if no other user has ratings.
    """
    generator = torch.Generator().manual_seed(seeds.derive_seed(parameters.seed, "newcomers"))
    shuffled = train[torch.randperm(len(train), generator=generator)].sorted_by_user()
    count = torch.bincount(train.user, minlength=train.n_users)
    most_given = max(parameters.given_ratings, *GIVEN)
    eligible = torch.nonzero(count > most_given).flatten()
    n_newcomers = min(round(parameters.newcomer_fraction * train.n_users), len(eligible))
    chosen = eligible[torch.randperm(len(eligible), generator=generator)[:n_newcomers]]
    is_new, is_given = torch.isin(shuffled.user, chosen), position(shuffled) < most_given
    if is_new.all():
        fault = f"newcomer_fraction is {parameters.newcomer_fraction:g}, which leaves no ratings to train on"
        raise cli.UserError(f"{fault}; lower it")
    return shuffled[~is_new], shuffled[is_new & is_given], shuffled[is_new & ~is_given]


def position(by_user: Ratings) -> Int[Tensor, " n_ratings"]:
    """The position of each rating among those of its user."""
    count = torch.bincount(by_user.user, minlength=by_user.n_users)
    return torch.arange(len(by_user)) - (count.cumsum(0) - count)[by_user.user]


def evaluate(
    train: Ratings, validation: Ratings, known: SideInformation, parameters: NewcomersParameters
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Scores after `GIVEN` and `given_ratings` ratings and on visits, by each method; the model's metrics."""
    others, given, held_out = split_newcomers(train, parameters)
    tables, found = list[pd.DataFrame](), dict[str, object]()
    if not len(held_out):
        return join(tables), found
    is_visit = hidden_visits(others, seeds.derive_seed(parameters.seed, "visits"))
    others, visits = others[~is_visit], others[is_visit]
    validation = validation[~torch.isin(validation.user, held_out.user)]
    penalty = parameters.baseline_regularization
    problem = make_problem(parameters, others, validation, known, "without newcomers")
    model = fit(problem, parameters).model.to(torch.device("cpu"))
    _, user = torch.unique(others.user, return_inverse=True)
    rows = replace(others, user=user, n_users=int(user.max()) + 1)  # EASE has no rows for newcomers
    ranker = fit_new(others, known.genres)
    similarity = neighbours.item_similarities(others) if neighbours.fits_in_memory(others) else None
    # EASE is tuned for newcomers, on folds of the training and validation ratings
    on_stars = ease.fit(shares(rows), 2 * parameters.ease_regularization, constant=0.5)
    count = torch.bincount(others.movie, minlength=others.n_movies)
    part = Part("new visit", visits, others, count, others.scale())
    if len(visits):
        biased = biases(others, penalty)
        stars, deviation = fold_in_users(model, others, known=True).predict_distribution(visits)
        own = measure(MODEL, part, stars, deviation=deviation if model.draws > 1 else None)
        tables += [own, measure("biases", part, biased.predict(visits))]
        found["rmse_new_visit"] = means(own)["rmse"]
        if similarity is not None:
            near = neighbours.predict_all(others, biased)[visits.user, visits.movie]
            tables.append(measure("neighbours", part, near))
    for n in sorted({*GIVEN, parameters.given_ratings}):
        first = given[position(given) < n]
        part = part._replace(name=f"after {n}", held_out=held_out, seen=first)
        folded = fold_in_users(model, first, known=False)
        biased = biases(concatenate(others, first), penalty)
        own = measure(MODEL, part, folded.predict(held_out), score_users(folded, ranker, first))
        tables += [own, measure("biases", part, biased.predict(held_out))]
        rankings = {"popularity": popularity(others), "ease_stars": ease_score(on_stars, shares(first))}
        if similarity is not None:
            rankings["neighbours"] = neighbours.rank_by_items(first, similarity)
        tables += [measure(method, part, score=score) for method, score in rankings.items()]
        if n in (DECISIVE, parameters.given_ratings):
            values, compared = means(own), COMPARED[: 2 + (n == parameters.given_ratings)]
            found[f"after_{n}"] = {name: values[name] for name in compared if name in values}
    if similarity is not None:
        share = neighbours.dislike_respected(model, ranker, similarity, given, held_out)
        found |= {} if share is None else {"dislike_respected": share}
    return join(tables), found


if __name__ == "__main__":
    cli.run(main)
