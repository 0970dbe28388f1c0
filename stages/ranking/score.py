"""The ranking score, by which movies are recommended: P(seen) × P(at least 4 stars).

EASE estimates how likely a user is to see a movie, from who rated what; the factorization how likely the user
is to like it, from the stars. A ranking by predicted stars alone would be full of movies that hardly anybody
has seen.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.factorization.model import Model
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


def noise_deviation(variance: Float[Tensor, "draws users"]) -> Float[Tensor, " users"]:
    """Standard deviation of users' noise, in stars; 1 where the solver does not estimate it (variance 0).

    The penalties of such a solver are in units of the noise variance.
    """
    deviation = variance.mean(dim=0).sqrt()
    return deviation.where(deviation > 0, 1.0)


def score_users(model: Model, ease: Ease, ratings: Ratings) -> Score:
    """The ranking score of every movie for users who were folded into the model from `ratings`."""
    by_user = ratings.sorted_by_user()
    noise = model.noise.float()
    deviation = noise_deviation((noise + 1 / model.effect_precision[:, None]).where(noise > 0, 0.0))

    def score(user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        seen = ease.score(rated_mask(by_user, user).float())
        return ranking_score(model.score(user), deviation[user], seen)

    return score
