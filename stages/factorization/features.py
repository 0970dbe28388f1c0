"""Side information: what is known of a movie or a user beside the ratings' values.

genres  which of the genres a movie has, scaled to length 1 at most
period  the five years of its release, one of several
raters  which users rated a movie (implicit feedback), summed up in `feature_rank` numbers
rated   which movies a user rated, likewise

Only the training ratings count as rated, and only that they exist, not how many stars they give.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.decomposition import leading_singular_vectors
from stages.factorization.solver import Hyperparameters, Problem
from stages.movielens.ratings import Ratings


def of_movies(problem: Problem, hyperparameters: Hyperparameters) -> Float[Tensor, "n_movies width"]:
    """The features chosen by `movie_features`, side by side; no column for an empty choice."""
    chosen = [problem.train.rating.new_zeros(problem.train.n_movies, 0)]
    for name in hyperparameters.movie_features:
        if name == "raters":
            rank = hyperparameters.feature_rank
            chosen.append(co_occurrence(problem.train, "movie", rank, problem.generator)[0])
        else:
            chosen.append(problem.side_information[name])
    return torch.cat(chosen, dim=1)


def of_users(
    problem: Problem, hyperparameters: Hyperparameters
) -> tuple[Float[Tensor, "n_users width"], Float[Tensor, "n_movies width"]]:
    """The features chosen by `user_features`, and the basis by which they follow from the movies rated."""
    if not hyperparameters.user_features:
        return torch.zeros(problem.train.n_users, 0), torch.zeros(problem.train.n_movies, 0)
    rank = hyperparameters.feature_rank
    return co_occurrence(problem.train, "user", rank, problem.generator)


def co_occurrence(
    train: Ratings, side: str, rank: int, generator: torch.Generator
) -> tuple[Float[Tensor, "n_rows rank"], Float[Tensor, "n_columns rank"]]:
    """Who rated what, in `rank` numbers for each user or each movie.

    With rows of length 1 (|N(u)|^-½ for each rated movie, as in SVD++: Koren 2008, equation 15), the leading
    left singular vectors times singular values: rows that rated, or were rated by, much the same lie near.
    The right singular vectors are the basis: a row of length 1 times the basis is its features.
    """
    row, column, n_rows, n_columns = train.user, train.movie, train.n_users, train.n_movies
    if side == "movie":
        row, column, n_rows, n_columns = column, row, n_columns, n_rows
    count = torch.bincount(row, minlength=n_rows)
    value = count[row].float().rsqrt()
    shape = (n_rows, n_columns)
    place = torch.stack([row, column])
    rated = torch.sparse_coo_tensor(place, value, shape, check_invariants=True).coalesce()
    left, singular, basis = leading_singular_vectors(
        lambda thin: rated @ thin, lambda thin: rated.t() @ thin, shape, rank, generator
    )
    return left * singular, basis
