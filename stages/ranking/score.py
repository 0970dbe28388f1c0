"""The ranking score, by which movies are recommended.

    score = estimate × √P(rating ≥ 4) × taste × (10 + number of ratings)^-a

A linear model estimates which movies a person will see and rate highly, from those that they have rated; the
factorization how likely they are to like each. Without the last two factors, popular movies fill the list:
those whose genres a person prefers gain by

    taste_j = exp(D × mean of log(share_g / mix_g) over its genres g),    D = Σ share log(share / mix)

with the shares of genres among the movies that they like, as if they had liked `PRIOR` more in the mix of
the training. So taste counts as much as the liked movies differ from the mix (D, the Kullback-Leibler
divergence): very much for somebody who likes documentaries alone, hardly for somebody who likes all kinds.

The model is EASE for users of the training, the short-history ridge for anybody else. The constants were
chosen on folds of the training and validation ratings, of known users and of newcomers after 3, 5 and 10
ratings, by NDCG@10, plain and corrected for popularity; a dislike must count against similar movies.
"""

import dataclasses
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.model import Model
from stages.movielens.ratings import Ratings
from stages.ranking import ease, ridge
from stages.ranking.ease import LinearModel
from stages.ranking.metrics import RELEVANT, Score, rating_rows

CONSTANT = 0.1  # in the column of EASE that is the same for everybody; above 0 for those without ratings
KNOWN, NEW = 0.1, 0.4  # a, of users of the training and of anybody else
EVIDENCE = 10  # ratings, added to numbers of ratings, and needed at full adventure
PRIOR = 5.0  # movies
POWER = 0.5  # of the chance of liking: models fitted to stars know a part of it
DISLIKED, DISLIKE = 2.0, -0.1  # stars up to which a movie is disliked, and the value of such a rating
SEEN = 3.5  # stars as which a movie counts that was seen and not rated
MIN_SCORE = 1e-6  # lowest estimate: it may be below 0
SPREAD = 0.9  # how much a movie in a list lowers the scores of its cluster, at full adventure
REASON = 0.05  # share of the estimate that a rating must add to be named as a reason


@dataclass(frozen=True)
class Ranker(LinearModel):
    """A linear model, and what else the ranking score needs to know of movies."""

    genres: Float[Tensor, "n_movies genres"]  # 1/n in the columns of a movie's n genres
    n_ratings: Float[Tensor, " n_movies"]  # in training
    discount: float  # the power a

    @property
    def mix(self) -> Float[Tensor, " genres"]:
        """Share of each genre in the training ratings."""
        return torch.nn.functional.normalize(self.n_ratings @ self.genres, p=1, dim=0)

    def taste(self, given: Float[Tensor, "users n_movies"]) -> Float[Tensor, "users n_movies"]:
        """How much more, or less, movies count by their genres, for users with these stars (0: none)."""
        shares = (given >= RELEVANT).float() @ self.genres + PRIOR * self.mix
        shares = torch.nn.functional.normalize(shares, p=1, dim=1)
        ratio = (shares / self.mix).log().where(self.mix > 0, 0.0)
        divergence = (shares * ratio).sum(dim=1, keepdim=True)
        return (divergence * (ratio @ self.genres.T)).exp()

    def discounts(self, adventurous: float) -> Float[Tensor, " n_movies"]:
        """How much less movies count for their number of ratings; at full adventure, as much as they have."""
        return (EVIDENCE + self.n_ratings).pow(-self.discount - adventurous * (1 - self.discount))


def fit_known(train: Ratings, genres: Float[Tensor, "n_movies genres"], penalty: float) -> Ranker:
    """Of users of the training; `genres` has rows of length 1."""
    return _ranker(ease.fit(shares(train), penalty, CONSTANT), train, genres, KNOWN)


def fit_new(train: Ratings, genres: Float[Tensor, "n_movies genres"]) -> Ranker:
    """Of anybody else."""
    return _ranker(ridge.fit(train, values(train.rating)), train, genres, NEW)


def _ranker(model: LinearModel, train: Ratings, genres: Tensor, discount: float) -> Ranker:
    n_ratings = torch.bincount(train.movie, minlength=train.n_movies).float()
    return Ranker(**vars(model), genres=genres.square(), n_ratings=n_ratings, discount=discount)


def shares(ratings: Ratings) -> Ratings:
    """Stars as a share of 5, in the order of users."""
    return dataclasses.replace(ratings, rating=ratings.rating / 5).sorted_by_user()


def values(stars: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """What models are given for ratings: 1 for 3.5 stars, more above, less below, negative for a dislike."""
    return torch.where(stars > DISLIKED, 1 + 0.3 * (stars - SEEN), DISLIKE)


def ranking_score(
    ranker: Ranker,
    given: Float[Tensor, "users n_movies"],
    stars: Float[Tensor, "users n_movies"],
    deviation: Float[Tensor, " users"],
    adventurous: float = 0.0,
) -> Float[Tensor, "users n_movies"]:
    """Scores for users with these ratings (0: none), predicted stars and deviations of their noise.

    A rating is taken to be from N(stars, deviation²), rounded to half stars. `adventurous` is from 0 to 1.
    """
    estimate = ranker.score(values(given).where(given > 0, 0.0)).clamp(min=MIN_SCORE)
    log_liked: Tensor = torch.special.log_ndtr((stars - (RELEVANT - 0.25)) / deviation[:, None])
    return estimate * (POWER * log_liked).exp() * ranker.taste(given) * ranker.discounts(adventurous)


def noise_deviation(variance: Float[Tensor, "draws users"]) -> Float[Tensor, " users"]:
    """Standard deviation of users' noise, in stars; 1 where the solver does not estimate it (variance 0).

    The penalties of such a solver are in units of the noise variance.
    """
    deviation = variance.mean(dim=0).sqrt()
    return deviation.where(deviation > 0, 1.0)


def score_users(model: Model, ranker: Ranker, ratings: Ratings) -> Score:
    """The ranking score of every movie for users who were folded into the model from `ratings`."""
    by_user = ratings.sorted_by_user()
    deviation = noise_deviation(model.noise.float())
    return lambda user: ranking_score(ranker, rating_rows(by_user, user), model.score(user), deviation[user])
