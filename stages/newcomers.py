"""newcomers: users and visits hidden from training → how well the model predicts and ranks for them.

Some users are left out of training, and folded in from a few of their ratings. The rest of their ratings are
predicted and ranked. Of other users, whole visits are left out and predicted. All ratings are from the
training part.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from stages.core import cli
from stages.core.cli import UserError
from stages.core.compute import threads_for
from stages.core.files import write_csv, write_metrics
from stages.core.parameters import Count, Penalty, PositivePenalty, Share
from stages.core.seeds import derive_seed
from stages.factorization.fit import FitParameters, fit, make_problem
from stages.factorization.fold_in import fold_in_users
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, SideInformation, concatenate, moment_of
from stages.ranking import ease
from stages.ranking.baselines import biases, ease_score, popularity
from stages.ranking.metrics import MODEL, Part, join, means, measure, rating_rows
from stages.ranking.neighbours import fits_in_memory, item_similarities, predict_all, rank_by_items
from stages.ranking.score import DISLIKED, Ranker, fit_new, score_users, shares

GIVEN = 3, 5, 10  # numbers of ratings after which the same held-out ratings are predicted and ranked
DECISIVE = 5  # of these, besides `given_ratings`, the number whose metrics DVC compares
COMPARED = "rmse", "ndcg_at_10", "corrected_ndcg_at_10"
SIMILAR, PAIRS, AT_ONCE = 10, 500, 50
APART = 6 * 3600  # seconds without a rating that end a visit
LEAST_VISITS, MOST_HIDDEN = 3, 0.3  # visits of a user of whom one is hidden, and the share of their ratings


class NewcomersParameters(FitParameters):
    baseline_regularization: Penalty
    ease_regularization: PositivePenalty
    newcomer_fraction: Share
    study: bool
    given_ratings: Count


def main(
    train: Path,
    validation: Path,
    side_information: Path,
    scores: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Hide users of TRAIN from a fit with VALIDATION and SIDE_INFORMATION; write their SCORES and METRICS."""
    parameters = NewcomersParameters.load(params)
    table, found = join([]), dict[str, object]()
    if parameters.study:
        others, given, held_out = split_newcomers(Ratings.load(train), parameters)
        if len(held_out):
            inputs = Ratings.load(validation), SideInformation.load(side_information)
            with threads_for(len(others)):
                table, found = evaluate(others, given, held_out, *inputs, parameters)
    write_csv(scores, table)
    write_metrics(metrics, found)
    print(f"newcomers: {found or 'not measured'}")


def split_newcomers(train: Ratings, parameters: NewcomersParameters) -> tuple[Ratings, Ratings, Ratings]:
    """The ratings of users who are not newcomers, and those of newcomers that may be given, and that are not.

    All have more ratings than may be given. Raises UserError if no other user has ratings.
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


def hidden_visits(ratings: Ratings, seed: int) -> Bool[Tensor, " n_ratings"]:
    """Which ratings are of a hidden visit: one at random of each user who has enough visits.

    A visit ends with a gap of `APART`. The hidden one has at most `MOST_HIDDEN` of the user's ratings.
    """
    generator = torch.Generator().manual_seed(seed)
    moment, order = moment_of(ratings).sort(stable=True)
    visit = torch.empty_like(order)
    visit[order] = pad((moment.diff() > APART).cumsum(0), (1, 0))
    size, n_ratings = torch.bincount(visit), torch.bincount(ratings.user, minlength=ratings.n_users)
    user = torch.empty_like(size).scatter_(0, visit, ratings.user)
    may = (torch.bincount(user, minlength=ratings.n_users) >= LEAST_VISITS)[user]
    may &= size <= MOST_HIDDEN * n_ratings[user]
    rank = torch.randperm(len(size), generator=generator).where(may, -1)
    best = torch.full((ratings.n_users,), -1).scatter_reduce(0, user, rank, "amax")
    return (may & (rank == best[user]))[visit]


def evaluate(
    others: Ratings,
    given: Ratings,
    held_out: Ratings,
    validation: Ratings,
    side_information: SideInformation,
    parameters: NewcomersParameters,
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Scores after `GIVEN` and `given_ratings` ratings and on visits, by each method; the model's metrics."""
    is_visit = hidden_visits(others, derive_seed(parameters.seed, "visits"))
    others, visits = others[~is_visit], others[is_visit]
    validation = validation[~torch.isin(validation.user, held_out.user)]
    penalty = parameters.baseline_regularization
    problem = make_problem(parameters, others, validation, side_information, "without newcomers")
    model = fit(problem, parameters).model.to(torch.device("cpu"))
    _, user = torch.unique(others.user, return_inverse=True)
    # newcomers are not even empty rows of EASE
    rows = replace(others, user=user, n_users=int(user.max()) + 1)
    ranker = fit_new(others, side_information.genres)
    similarity = item_similarities(others) if fits_in_memory(others) else None
    # EASE is tuned for newcomers, on folds of the training and validation ratings
    on_stars = ease.fit(shares(rows), 2 * parameters.ease_regularization, constant=0.5)
    count, tables = torch.bincount(others.movie, minlength=others.n_movies), list[pd.DataFrame]()
    found: dict[str, object] = {}
    if len(visits):
        part, biased = Part("new visit", visits, others, count, others.scale()), biases(others, penalty)
        stars, deviation = fold_in_users(model, others, known=True).predict_distribution(visits)
        own = measure(MODEL, part, stars, deviation=deviation if model.draws > 1 else None)
        tables += [own, measure("biases", part, biased.predict(visits))]
        found["rmse_new_visit"] = means(own)["rmse"]
        if similarity is not None:
            near = predict_all(others, biased)[visits.user, visits.movie]
            tables.append(measure("neighbours", part, near))
    for n in sorted({*GIVEN, parameters.given_ratings}):
        first = given[position(given) < n]
        part = Part(f"after {n}", held_out, first, count, others.scale())
        folded = fold_in_users(model, first, known=False)
        biased = biases(concatenate(others, first), penalty)
        own = measure(MODEL, part, folded.predict(held_out), score_users(folded, ranker, first))
        tables += [own, measure("biases", part, biased.predict(held_out))]
        tables.append(measure("popularity", part, score=popularity(others)))
        tables.append(measure("ease_stars", part, score=ease_score(on_stars, shares(first))))
        if similarity is not None:
            tables.append(measure("neighbours", part, score=rank_by_items(first, similarity)))
        if n in (DECISIVE, parameters.given_ratings):
            values = means(own)
            found[f"after_{n}"] = {name: values[name] for name in COMPARED if name in values}
    if similarity is not None:
        found |= dislike_respected(model, ranker, similarity, given, held_out)
    return join(tables), found


def dislike_respected(
    model: Model,
    ranker: Ranker,
    similarity: Float[Tensor, "n_movies n_movies"],
    given: Ratings,
    held_out: Ratings,
) -> dict[str, object]:
    """How often the `SIMILAR` movies most similar to a disliked one rank lower on average by that rating.

    The rating is added to the given ones of its user; at most `PAIRS` ratings are tried.
    """
    disliked = held_out[held_out.rating <= DISLIKED][:PAIRS]
    n_pairs = len(disliked)
    if not n_pairs:
        return {}
    pair, row = torch.nonzero(disliked.user[:, None] == given.user, as_tuple=True)
    without = replace(given[row], user=pair, n_users=n_pairs)
    with_dislike = concatenate(without, replace(disliked, user=torch.arange(n_pairs), n_users=n_pairs))
    with_dislike, lower = with_dislike.sorted_by_user(), []
    folded = ((fold_in_users(model, each, known=False), each) for each in (without, with_dislike))
    fits = [score_users(vectors, ranker, ratings) for vectors, ratings in folded]
    for block in torch.arange(n_pairs).split(AT_ONCE):
        rated = rating_rows(with_dislike, block) > 0
        likeness = similarity.index_select(0, disliked.movie[block]).to_dense().masked_fill(rated, -1)
        similar = likeness.topk(min(SIMILAR, given.n_movies)).indices
        scores = [score(block).masked_fill(rated, -torch.inf) for score in fits]
        rank = [(each[:, None] > each.gather(1, similar)[..., None]).sum(dim=(1, 2)) for each in scores]
        lower.append(rank[1] > rank[0])
    return {"dislike_respected": torch.cat(lower).double().mean().item()}


if __name__ == "__main__":
    cli.run(main)
