"""Side information and the decomposition that sums up who rated what."""

import pytest
import torch

from stages.factorization import features
from stages.factorization.normal_equations import of_both_sides
from stages.factorization.randomized_svd import leading_singular_vectors
from stages.movielens.ratings import Ratings
from tests.conftest import hyperparameters, make_problem


@pytest.mark.parametrize("shape", [(40, 25), (25, 40), (3, 50)])
def test_leading_singular_vectors_are_those_of_the_full_decomposition(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(shape, generator=generator)
    left, singular, right = leading_singular_vectors(
        lambda thin: matrix @ thin, lambda thin: matrix.T @ thin, shape, 5, generator
    )
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    rank = min(5, *shape)
    assert singular.shape == (rank,)
    torch.testing.assert_close(singular, s[:rank], rtol=1e-3, atol=1e-3)
    best = (u[:, :rank] * s[:rank]) @ v[:rank]
    torch.testing.assert_close((left * singular) @ right.T, best, rtol=0, atol=0.05)


@pytest.mark.parametrize("side", ["user", "movie"])
def test_co_occurrence_keeps_the_similarities_of_who_rated_what(
    small_parts: dict[str, Ratings], side: str
) -> None:
    train = small_parts["train"]
    rated = torch.zeros(train.n_users, train.n_movies)
    rated[train.user, train.movie] = 1
    rows = rated if side == "user" else rated.T
    rows = rows / rows.sum(dim=1, keepdim=True).clamp(min=1).sqrt()
    sides = of_both_sides(train, torch.device("cpu"))
    own, other = sides if side == "user" else reversed(sides)
    found, basis = features.co_occurrence(own, other, 200, torch.Generator().manual_seed(0))
    torch.testing.assert_close(rows @ basis, found, atol=1e-3, rtol=0)
    torch.testing.assert_close(found @ found.T, rows @ rows.T, atol=1e-3, rtol=0)


def test_features_stand_side_by_side_and_none_is_no_column(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    known = {"genres": torch.ones(train.n_movies, 4), "period": torch.ones(train.n_movies, 3)}
    problem = make_problem(train, side_information=known)
    chosen = hyperparameters(movie_features=["period", "raters"], feature_rank=5, user_features=["rated"])
    sides = of_both_sides(train, torch.device("cpu"))
    found = features.gather(problem, chosen, *sides)
    assert found.of_movies.shape == (train.n_movies, 8)
    assert found.of_users.shape == (train.n_users, 5)
    assert found.basis.shape == (train.n_movies, 5)
    nothing = hyperparameters(movie_features=[], user_features=[])
    found = features.gather(problem, nothing, *sides)
    assert [part.shape[1] for part in found] == [0, 0, 0]
