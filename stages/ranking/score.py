"""Appeal, by which movies are recommended: the chance to see a movie and to give it 4 stars or more.

EASE estimates the former, from who rated what; the factorization the latter, from the stars. A list by
predicted stars alone would be full of movies that hardly anybody has seen.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.factorization.fold_in import UserPosterior, fold_in
from stages.factorization.model import Model, hour_of
from stages.movielens.ratings import Ratings
from stages.ranking.ease import Ease
from stages.ranking.metrics import RELEVANT, Score, mark

HALF_STEP = 0.25
"""Stars: what is predicted above 3.75 would be given as 4."""
UNSEEN = 1e-6
"""The least chance of being seen: EASE's estimates may be below 0."""
NOISE = 1.0
"""Standard deviation of a person's ratings, in stars, where the solver does not know it: its penalties are in
units of this."""


def appeal(
    stars: Float[Tensor, "people n_movies"],
    deviation: Float[Tensor, " people"],
    chance_seen: Float[Tensor, "people n_movies"],
) -> Float[Tensor, "people n_movies"]:
    """The chance of being seen × that of 4 stars or more, given predicted stars and their deviation."""
    surplus = (stars - (RELEVANT - HALF_STEP)) / deviation[:, None]
    chance_liked: Tensor = torch.special.ndtr(surplus)
    return chance_seen.clamp(min=UNSEEN) * chance_liked


def noise_deviation(person: UserPosterior) -> Float[Tensor, ""]:
    """Standard deviation, in stars, of what a person gives a movie of known worth to them."""
    deviation = person.noise.mean().sqrt()
    return deviation.where(deviation > 0, NOISE)


def of_users(model: Model, ease: Ease, ratings: Ratings, *, known: bool = True) -> Score:
    """The appeal of every movie to each of the users, folded in from their own of the `ratings`.

    If they are not `known` to the model, the noise of their ratings is that of somebody new.
    """
    ratings = ratings.sorted_by_user()
    start = torch.searchsorted(ratings.user, torch.arange(model.n_users + 1))

    def person(user: int) -> UserPosterior:
        rows = slice(int(start[user]), int(start[user + 1]))
        hour = hour_of(ratings.timestamp[rows])
        return fold_in(model, ratings.movie[rows], ratings.rating[rows], hour, user if known else None)

    def score(user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        people = [person(int(each)) for each in user]
        stars = model.stars(torch.stack([each.mean for each in people]))
        deviation = torch.stack([noise_deviation(each) for each in people])
        return appeal(stars, deviation, ease.score(mark(ratings, user).float()))

    return score
