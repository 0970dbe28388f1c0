"""EASE agrees with its published closed form."""

import pytest
import torch
from torch import Tensor

from stages.movielens.ratings import Ratings
from stages.ranking import ease


def rated_by(train: Ratings) -> Tensor:
    """1 where a user has rated a movie; the last row is a new user."""
    rated = torch.zeros(train.n_users + 1, train.n_movies)
    rated[train.user, train.movie] = 1
    rated[-1, train.movie[:3]] = 1
    return rated


def closed_form(rated: Tensor) -> Tensor:
    """X B by Steck's equation 8, with B fitted to all rows but the last, at a penalty of 50."""
    x = rated.double()
    inverse = torch.linalg.inv(x[:-1].T @ x[:-1] + 50 * torch.eye(x.shape[1]))
    weights: Tensor = (inverse / -inverse.diagonal()).fill_diagonal_(0)
    return (x @ weights).float()


def test_scores_are_those_of_the_closed_form(small_parts: dict[str, Ratings]) -> None:
    rated = rated_by(small_parts["train"])
    found = ease.fit(small_parts["train"], penalty=50.0).score(rated)
    torch.testing.assert_close(found, closed_form(rated), atol=1e-4, rtol=1e-3)


def test_with_many_users_only_the_most_rated_movies_are_scored(
    small_parts: dict[str, Ratings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ease, "MAX_ORDER", 40)
    monkeypatch.setattr(ease, "BLOCK", 7)
    rated = rated_by(small_parts["train"])
    most_rated = rated[:-1].sum(dim=0).argsort(descending=True, stable=True)[:40]
    expected = torch.zeros_like(rated)
    expected[:, most_rated] = closed_form(rated[:, most_rated])
    found = ease.fit(small_parts["train"], penalty=50.0).score(rated)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3)
