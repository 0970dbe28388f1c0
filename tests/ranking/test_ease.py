"""EASE agrees with its published closed form."""

import pytest
import torch
from torch import Tensor

from stages.movielens.ratings import Ratings
from stages.ranking import ease
from tests.conftest import Patch


def values_of(train: Ratings) -> Tensor:
    """The ratings by user and movie, 0 elsewhere; the last row is a new user."""
    values = torch.zeros(train.n_users + 1, train.n_movies)
    values[train.user, train.movie] = train.rating
    values[-1, train.movie[:3]] = torch.tensor([4.0, -1.0, 2.0])
    return values


def closed_form(values: Tensor, constant: float = 0.0) -> Tensor:
    """X B by Steck's equation 8, with B fitted to all rows but the last, at a penalty of 50."""
    x = torch.cat([values, torch.full((len(values), 1), constant)], dim=1).double()
    inverse = torch.linalg.inv(x[:-1].T @ x[:-1] + 50 * torch.eye(x.shape[1]))
    weights: Tensor = (inverse / -inverse.diagonal()).fill_diagonal_(0)
    return (x @ weights)[:, :-1].float()


def agree(found: Tensor, expected: Tensor, values: Tensor) -> None:
    """Movies that a user has rated are not ranked."""
    for scores in (found, expected):
        scores[values != 0] = 0
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("constant", [0.0, 2.0])
def test_scores_are_those_of_the_closed_form(train: Ratings, constant: float) -> None:
    values = values_of(train)
    found = ease.fit(train, penalty=50.0, constant=constant).score(values)
    agree(found, closed_form(values, constant), values)


@pytest.mark.parametrize("max_order", [40, 6_000])
def test_only_the_most_rated_are_scored(train: Ratings, monkeypatch: Patch, max_order: int) -> None:
    monkeypatch.setattr(ease, "MAX_ORDER", max_order)
    monkeypatch.setattr(ease, "BLOCK", 7)
    values = values_of(train)
    most_rated = (values[:-1] > 0).sum(dim=0).argsort(descending=True, stable=True)[:max_order]
    expected = torch.zeros_like(values)
    expected[:, most_rated] = closed_form(values[:, most_rated])
    fitted = ease.fit(train, penalty=50.0)
    agree(fitted.score(values), expected, values)
    rated, movie = torch.tensor([int(most_rated[3]), int(most_rated[9])]), int(most_rated[5])
    only = torch.zeros(2, train.n_movies)
    only[[0, 1], rated] = 1
    torch.testing.assert_close(fitted.weights(rated, movie), fitted.score(only)[:, movie])
