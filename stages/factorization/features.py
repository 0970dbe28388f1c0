"""Side information: what is known of a movie or a user beside the ratings' values.

genres  which of the genres a movie has, scaled to length 1 at most
period  the five years of its release, one of several
raters  which users rated a movie (implicit feedback), summed up in `feature_rank` numbers
rated   which movies a user rated, likewise

Only the training ratings count as rated, and only that they exist, not how many stars they give.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.normal_equations import GroupedRatings, weighted_sums
from stages.factorization.randomized_svd import leading_singular_vectors
from stages.factorization.solver import Hyperparameters, Problem


class Features(NamedTuple):
    """What is known of movies and of users."""

    of_movies: Float[Tensor, "n_movies width"]
    """Those chosen by `movie_features`, side by side; no column for an empty choice."""
    of_users: Float[Tensor, "n_users rank"]
    """Those chosen by `user_features`."""
    basis: Float[Tensor, "n_movies rank"]
    """By which the latter follow from the movies rated."""


def gather(
    problem: Problem, hyperparameters: Hyperparameters, by_user: GroupedRatings, by_movie: GroupedRatings
) -> Features:
    """The features of the choice; `by_user` and `by_movie` are all training ratings."""
    n_users, n_movies = problem.train.n_users, problem.train.n_movies
    rank, generator = hyperparameters.feature_rank, problem.generator
    of_users, basis = torch.zeros(n_users, 0), torch.zeros(n_movies, 0)
    if hyperparameters.user_features:
        of_users, basis = co_occurrence(by_user, by_movie, rank, generator)
    chosen = [torch.zeros(n_movies, 0)]
    for name in hyperparameters.movie_features:
        if name == "raters":
            chosen.append(co_occurrence(by_movie, by_user, rank, generator)[0])
        else:
            chosen.append(getattr(problem.side_information, name))
    return Features(torch.cat(chosen, dim=1), of_users, basis)


def co_occurrence(
    own: GroupedRatings, other: GroupedRatings, rank: int, generator: torch.Generator
) -> tuple[Float[Tensor, "n_rows rank"], Float[Tensor, "n_columns rank"]]:
    """Who rated what, in `rank` numbers for each user or each movie: for each row of `own`.

    With rows of length 1 (|N(u)|^-½ for each rated movie, as in SVD++: Koren 2008, equation 15), the leading
    left singular vectors times singular values: rows that rated, or were rated by, much the same lie near.
    The right singular vectors are the basis: a row of length 1 times the basis is its features.
    """
    count = torch.bincount(other.partner, minlength=own.n_rows)
    length = count.clamp(min=1).float().rsqrt()[:, None]
    ones = torch.ones(len(own.rating))
    left, singular, basis = leading_singular_vectors(
        lambda thin: length * weighted_sums(own, thin, ones),
        lambda thin: weighted_sums(other, length * thin, ones),
        (own.n_rows, other.n_rows),
        rank,
        generator,
    )
    return left * singular, basis
