"""Baselines: simple methods that predict ratings, rank movies, or both."""

import math
from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad
from tqdm import tqdm

from stages.factorization.model import Model, NotebookFactors, single
from stages.movielens.ratings import Ratings, views
from stages.ranking import ease
from stages.ranking.ease import LinearModel
from stages.ranking.metrics import Score, rating_rows
from stages.ranking.neighbours import fits_in_memory, item_similarities, predict_all, rank_by_items
from stages.ranking.score import shares

Predict = Callable[[Ratings], Float[Tensor, " n_ratings"]]
"""Predicts stars of ratings, not clipped."""


def fit_baselines(
    train: Ratings, factors: NotebookFactors, on_stars: LinearModel, bias_penalty: float, ease_penalty: float
) -> Iterator[tuple[str, Predict | None, Score | None]]:
    """Each baseline's name and how it predicts and ranks, fitted one at a time, as some take much memory.

    The notebook's recipe is left out if it was not fitted, neighbours if they would not fit in memory.
    """
    if len(factors.user_factors):
        vectors = (pad(each[0], (0, 1)) for each in (factors.user_factors, factors.movie_factors))
        first = single(torch.zeros(()), *vectors)  # it has neither a mean nor biases
        yield "notebook", first.predict, first.score
    yield "global_mean", biases(train, penalty=math.inf).predict, None
    biased = biases(train, bias_penalty)
    yield "biases", biased.predict, biased.score
    if fits_in_memory(train):
        stars = predict_all(train, biased)
        score = rank_by_items(train, item_similarities(train))
        yield "neighbours", lambda ratings: stars[ratings.user, ratings.movie], score
    else:
        print("baselines: neighbours: left out, as their similarities would not fit in memory")
    yield "popularity", None, popularity(train)
    viewed = views(train)
    yield "ease", None, ease_score(ease.fit(viewed, ease_penalty), viewed)
    yield "ease_stars", None, ease_score(on_stars, shares(train))


def biases(train: Ratings, penalty: float) -> Model:
    """Mean, user bias and movie bias: the minimum of Σ (r - μ - b_u - c_i)² + λ (Σ b_u² + Σ c_i²).

    Koren 2010, "Factor in the Neighbors", section 2.1. Solved by alternation: with the other biases fixed,
    each bias is the sum of its residuals over their number plus λ.
    """

    def shrunken_mean(value: Tensor, group: Int[Tensor, " n_ratings"], n_groups: int) -> Tensor:
        total, count = (torch.bincount(group, weights, n_groups) for weights in (value, None))
        return total / (count + penalty).clamp(min=1)

    mean = train.rating.double().mean()
    residual = train.rating.double() - mean
    user_biases = torch.zeros(train.n_users, dtype=torch.float64)
    for _ in tqdm(range(1_000), desc="biases", delay=2):
        movie_biases = shrunken_mean(residual - user_biases[train.user], train.movie, train.n_movies)
        previous, rest = user_biases, residual - movie_biases[train.movie]
        user_biases = shrunken_mean(rest, train.user, train.n_users)
        if (user_biases - previous).abs().max() < 1e-7:  # stars
            break
    return single(mean.float(), user_biases.float()[:, None], movie_biases.float()[:, None])


def ease_score(fitted: LinearModel, by_user: Ratings) -> Score:
    """Score movies by EASE for users with ratings of these values, sorted by user."""
    return lambda user: fitted.score(rating_rows(by_user, user))


def popularity(train: Ratings) -> Score:
    """Score movies by their number of training ratings; among equals, the lower index is ranked first."""
    count = torch.bincount(train.movie, minlength=train.n_movies)
    rank = count.argsort(descending=True, stable=True).argsort()
    return lambda user: -rank.float().expand(len(user), -1)
