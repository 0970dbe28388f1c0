"""Side information: features of movies and users in addition to the values of the ratings.

genres  genres of a movie, scaled to length 1
period  five years in which a movie was released, one of several
raters  which users rated a movie (implicit feedback), as a vector of `feature_rank` numbers
rated   which movies a user rated, likewise

Implicit feedback is which training ratings exist, not how many stars they give.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.grouped_ratings import GroupedRatings
from stages.factorization.randomized_svd import leading_singular_vectors
from stages.factorization.solver import Hyperparameters, Problem


def user_features(
    problem: Problem, hyperparameters: Hyperparameters, by_user: GroupedRatings, by_movie: GroupedRatings
) -> tuple[Float[Tensor, "n_users width"], Float[Tensor, "n_movies width"]]:
    """Features of each user, and the basis V: features are Σ V_i / √n over the n movies that a user rated.

    A user without training ratings has the mean over the ratings: a rating to predict is more likely from
    somebody who rates many movies, and such users give fewer stars.
    """
    train = problem.train
    if not hyperparameters.user_features:
        return torch.zeros(train.n_users, 0), torch.zeros(train.n_movies, 0)
    features, basis = co_occurrence(by_user, by_movie, hyperparameters.feature_rank, problem.generator)
    n_ratings = torch.bincount(train.user, minlength=train.n_users)[:, None]
    mean = (n_ratings * features).sum(dim=0) / len(train)
    return features.where(n_ratings > 0, mean), basis


def movie_features(
    problem: Problem, hyperparameters: Hyperparameters, by_user: GroupedRatings, by_movie: GroupedRatings
) -> Float[Tensor, "n_movies width"]:
    """The chosen features of each movie, concatenated."""
    features = [torch.zeros(problem.train.n_movies, 0)]
    for name in hyperparameters.movie_features:
        if name == "raters":
            rank, generator = hyperparameters.feature_rank, problem.generator
            features.append(co_occurrence(by_movie, by_user, rank, generator)[0])
        else:
            features.append(getattr(problem.side_information, name))
    return torch.cat(features, dim=1)


def movie_columns(problem: Problem, hyperparameters: Hyperparameters) -> Float[Tensor, "n_movies columns"]:
    """Known numbers of each movie, for which each user has an effect.

    genres: 1 for each of its genres. period: its year of release, and the square. popularity: log(1 + n) of
    its n training ratings. All have the mean 0 over these, and but for genres the variance 1.
    """
    count = torch.bincount(problem.train.movie, minlength=problem.train.n_movies).float()
    everywhere = torch.ones_like(count)
    columns = [torch.zeros(len(count), 0)]
    for name in hyperparameters.user_effects:
        if name == "popularity":
            columns.append(standardize(count.log1p(), count, everywhere))
            continue
        known: Tensor = getattr(problem.side_information, name)
        if name == "genres":
            genres = (known > 0).float()
            columns.append(genres - count @ genres / count.sum())
        else:
            dated = known.sum(dim=1)
            year = standardize(known @ torch.arange(known.shape[1]).float(), count, dated)
            columns += [year, standardize(year[:, 0].square(), count, dated)]
    return torch.cat(columns, dim=1)


def standardize(
    value: Float[Tensor, " n_movies"], weight: Float[Tensor, " n_movies"], known: Float[Tensor, " n_movies"]
) -> Float[Tensor, "n_movies 1"]:
    """Mean 0 and variance 1 by these weights, of the values that are known (1); the others (0) become 0."""
    share = weight * known / (weight * known).sum().clamp(min=1)
    centred = known * (value - share @ value)
    return (centred / (share @ centred.square()).sqrt().clamp(min=1e-6))[:, None]


def co_occurrence(
    grouped: GroupedRatings, transposed: GroupedRatings, rank: int, generator: torch.Generator
) -> tuple[Float[Tensor, "n_rows rank"], Float[Tensor, "n_columns rank"]]:
    """Features of each row, by a truncated SVD of who rated what; and the basis.

    The matrix has |N(u)|^-½ for each movie rated (SVD++: Koren 2008, equation 15). Features are its left
    singular vectors times its singular values, so that users of the same movies are close. The basis is its
    right singular vectors: a row times the basis is its features.
    """
    count = torch.bincount(transposed.partner, minlength=len(grouped.rows))
    scale = count.clamp(min=1).float().rsqrt()[:, None]
    ones = torch.ones(len(grouped.rating))
    left, singular, basis = leading_singular_vectors(
        lambda thin: scale * grouped.weighted_sums(thin, ones),
        lambda thin: transposed.weighted_sums(scale * thin, ones),
        (len(grouped.rows), len(transposed.rows)),
        rank,
        generator,
    )
    return left * singular, basis
