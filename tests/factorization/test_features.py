"""Features of movies and users, and the truncated SVD that summarizes who rated what."""

import pytest
import torch

from stages.factorization import features
from stages.factorization.grouped_ratings import group
from stages.factorization.randomized_svd import leading_singular_vectors
from stages.factorization.solver import Hyperparameters, Problem
from stages.movielens.ratings import Ratings
from tests.repository import DEFAULTS


@pytest.mark.parametrize("shape", [(40, 25), (25, 40), (3, 50)])
def test_leading_singular_vectors_are_those_of_the_full_svd(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(shape, generator=generator)
    left, singular, right = leading_singular_vectors(
        lambda thin: matrix @ thin, lambda thin: matrix.T @ thin, shape, 5, generator
    )
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    rank = min(5, *shape)
    torch.testing.assert_close(singular, s[:rank], rtol=1e-3, atol=1e-3)
    best = (u[:, :rank] * s[:rank]) @ v[:rank]
    torch.testing.assert_close((left * singular) @ right.T, best, rtol=0, atol=0.05)


@pytest.mark.parametrize("by", ["user", "movie"])
def test_co_occurrence_keeps_the_similarities_of_rows(train: Ratings, by: str) -> None:
    rated = torch.zeros(train.n_users, train.n_movies)
    rated[train.user, train.movie] = 1
    rows = rated if by == "user" else rated.T
    rows = rows / rows.sum(dim=1, keepdim=True).clamp(min=1).sqrt()
    by_user, by_movie = group(train, "user"), group(train, "movie")
    pair = (by_user, by_movie) if by == "user" else (by_movie, by_user)
    found, basis = features.co_occurrence(*pair, 200, torch.Generator().manual_seed(0))
    torch.testing.assert_close(rows @ basis, found, atol=1e-3, rtol=0)
    torch.testing.assert_close(found @ found.T, rows @ rows.T, atol=1e-3, rtol=0)


def test_a_user_without_ratings_has_the_mean_features_over_the_ratings(train: Ratings) -> None:
    train = train[train.user != 3]
    problem = Problem(train, train[:0], None, torch.device("cpu"), torch.Generator().manual_seed(0))
    by_user, by_movie = group(train, "user"), group(train, "movie")
    found, _ = features.user_features(problem, Hyperparameters.parse(DEFAULTS), by_user, by_movie)
    torch.testing.assert_close(found[3], found[train.user].mean(dim=0))
    assert found[3].abs().max() > 0.01
