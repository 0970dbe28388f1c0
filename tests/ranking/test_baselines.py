"""Baselines are the minima of their objectives, and rank as they should."""

import pytest
import torch

from stages.factorization.model import NotebookFactors
from stages.movielens.ratings import Ratings
from stages.ranking import neighbours
from stages.ranking.baselines import biases, fit_baselines, popularity
from stages.ranking.ease import fit
from tests.conftest import make_ratings


@pytest.mark.parametrize("penalty", [0.5, 5.0])
def test_biases_are_the_minimum_of_their_objective(train: Ratings, penalty: float) -> None:
    found = biases(train, penalty)
    rows = torch.arange(len(train))
    design = torch.zeros(len(train), train.n_users + train.n_movies, dtype=torch.float64)
    design[rows, train.user] = 1
    design[rows, train.n_users + train.movie] = 1
    target = train.rating.double() - train.rating.double().mean()
    normal = design.T @ design + penalty * torch.eye(design.shape[1], dtype=torch.float64)
    exact = torch.linalg.solve(normal, design.T @ target)
    both = torch.cat([found.user_biases[0], found.movie_biases[0]]).double()
    torch.testing.assert_close(both, exact, atol=1e-5, rtol=0)


def test_the_most_rated_movie_is_first_and_one_without_ratings_has_no_bias_and_is_last() -> None:
    train = make_ratings([(0, 2, 1.0), (1, 2, 1.0), (0, 1, 5.0), (0, 0, 5.0)], n_users=2, n_movies=4)
    assert biases(train, penalty=0).movie_biases[0, 3] == 0
    order = popularity(train)(torch.tensor([0, 1])).argsort(dim=1, descending=True)
    assert order.tolist() == [[2, 0, 1, 3]] * 2


def test_what_was_not_fitted_or_would_not_fit_in_memory_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MAX_CELLS", 3)
    train = make_ratings([(0, 0, 5.0), (1, 1, 2.0)], n_users=2, n_movies=2)
    no_factors = NotebookFactors(torch.zeros(0, 2, 1), torch.zeros(0, 2, 1))
    found = fit_baselines(train, no_factors, fit(train, 1.0), bias_penalty=1.0, ease_penalty=1.0)
    assert [name for name, *_ in found] == ["global_mean", "biases", "popularity", "ease", "ease_stars"]
