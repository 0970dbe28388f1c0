"""The ranking score, by which movies are recommended: EASE times the root of P(at least 4 stars).

EASE estimates which movies a user will see and rate highly, from those that they have rated; the
factorization how likely the user is to like each. A ranking by predicted stars alone would be full of movies
that hardly anybody has seen. The constants were chosen by NDCG@10 on folds of the training and validation
ratings, of known users and of newcomers after 3, 5 and 10 ratings, but `CONSTANT` by reading lists; a dislike
must count against similar movies.
"""

import dataclasses

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.factorization.model import Model
from stages.movielens.ratings import Ratings
from stages.ranking import ease
from stages.ranking.ease import Ease
from stages.ranking.metrics import RELEVANT, Score, rating_rows

CONSTANT = 0.3
"""In the column of EASE that is the same for everybody: 1 ranks better for newcomers by NDCG@10, but fills
their lists with the most popular movies, whatever they like."""
POWER = 0.5  # of the chance of liking: EASE fitted to stars knows a part of it
DISLIKED, DISLIKE = 2.0, -0.1  # stars up to which a movie is disliked, and the value of such a rating
MIN_SCORE = 1e-6  # lowest estimate of EASE: it may be below 0


def fit_ease(train: Ratings, penalty: float, constant: float = CONSTANT) -> Ease:
    """EASE fitted to the stars."""
    return ease.fit(shares(train), penalty, constant)


def shares(ratings: Ratings) -> Ratings:
    """Stars as a share of 5, in the order of users."""
    return dataclasses.replace(ratings, rating=ratings.rating / 5).sorted_by_user()


def values(stars: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """What EASE is given for ratings: 1 for 3.5 stars, more above, less below, negative for a dislike."""
    return torch.where(stars > DISLIKED, 1 + 0.3 * (stars - 3.5), DISLIKE)


def ranking_score(
    stars: Float[Tensor, "users n_movies"],
    deviation: Float[Tensor, " users"],
    estimate: Float[Tensor, "users n_movies"],
) -> Float[Tensor, "users n_movies"]:
    """EASE's estimate × √P(rating ≥ 4), of a rating from N(stars, deviation²) rounded to half stars."""
    surplus = (stars - (RELEVANT - 0.25)) / deviation[:, None]
    liked: Tensor = torch.special.ndtr(surplus)
    return estimate.clamp(min=MIN_SCORE) * liked.pow(POWER)


def noise_deviation(variance: Float[Tensor, "draws users"]) -> Float[Tensor, " users"]:
    """Standard deviation of users' noise, in stars; 1 where the solver does not estimate it (variance 0).

    The penalties of such a solver are in units of the noise variance.
    """
    deviation = variance.mean(dim=0).sqrt()
    return deviation.where(deviation > 0, 1.0)


def score_users(model: Model, ease: Ease, ratings: Ratings) -> Score:
    """The ranking score of every movie for users who were folded into the model from `ratings`."""
    by_user = dataclasses.replace(ratings, rating=values(ratings.rating)).sorted_by_user()
    noise = model.noise.float()
    deviation = noise_deviation((noise + 1 / model.time_precision[:, None]).where(noise > 0, 0.0))

    def score(user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        return ranking_score(model.score(user), deviation[user], ease.score(rating_rows(by_user, user)))

    return score
