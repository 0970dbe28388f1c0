"""The ranking score, by which movies are recommended: P(seen) × P(at least 4 stars).

EASE estimates how likely a user is to see a movie, from who rated what; the factorization how likely the user
is to like it, from the stars. A ranking by predicted stars alone would be full of movies that hardly anybody
has seen.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.factorization.fold_in import UserPosterior, fold_in
from stages.factorization.model import Model, hour_of
from stages.movielens.ratings import Ratings
from stages.ranking.ease import Ease
from stages.ranking.metrics import RELEVANT, Score, rated_mask

MIN_SEEN = 1e-6
"""Lowest P(seen): EASE's estimates may be below 0."""


def ranking_score(
    stars: Float[Tensor, "users n_movies"],
    deviation: Float[Tensor, " users"],
    seen: Float[Tensor, "users n_movies"],
) -> Float[Tensor, "users n_movies"]:
    """P(seen) × P(a rating from N(stars, deviation²), rounded to half stars, is at least 4)."""
    surplus = (stars - (RELEVANT - 0.25)) / deviation[:, None]
    liked: Tensor = torch.special.ndtr(surplus)
    return seen.clamp(min=MIN_SEEN) * liked


def noise_deviation(posterior: UserPosterior) -> Float[Tensor, ""]:
    """Standard deviation of a user's noise, in stars; 1 if the solver does not estimate it."""
    deviation = posterior.noise.mean().sqrt()
    return deviation.where(deviation > 0, 1.0)


def posteriors(model: Model, ratings: Ratings, *, known: bool) -> Callable[[int], UserPosterior]:
    """A function that folds in a user from their own `ratings`.

    The noise is that of the same user of the model if `known`, and that of a new user otherwise.
    """
    ratings = ratings.sorted_by_user()
    start = torch.searchsorted(ratings.user, torch.arange(model.n_users + 1))

    def posterior(user: int) -> UserPosterior:
        own = ratings[start[user] : start[user + 1]]
        return fold_in(model, own.movie, own.rating, hour_of(own.timestamp), user if known else None)

    return posterior


def score_users(model: Model, ease: Ease, ratings: Ratings, *, known: bool = True) -> Score:
    """The ranking score of every movie for users who are folded in by `posteriors`."""
    posterior, by_user = posteriors(model, ratings, known=known), ratings.sorted_by_user()

    def score(user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        folded_in = [posterior(each) for each in user.tolist()]
        stars = model.stars(torch.stack([each.mean for each in folded_in]))
        deviation = torch.stack([noise_deviation(each) for each in folded_in])
        return ranking_score(stars, deviation, ease.score(rated_mask(by_user, user).float()))

    return score
