"""EASE is the minimum of its objective, whichever way it is computed."""

import pytest
import torch

from stages import ease
from stages.movielens.ratings import Ratings


def test_scores_are_those_of_the_published_closed_form(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    rated = torch.zeros(train.n_users, train.n_movies, dtype=torch.float64)
    rated[train.user, train.movie] = 1
    inverse = torch.linalg.inv(rated.T @ rated + 50 * torch.eye(train.n_movies))
    weights = inverse / -inverse.diagonal()
    weights.fill_diagonal_(0)
    users = torch.tensor([3, 0, 41])
    found = ease.fit(train, penalty=50.0)(users)
    torch.testing.assert_close(found, (rated @ weights)[users].float(), atol=1e-4, rtol=1e-3)


def test_with_more_users_than_can_be_told_apart_only_the_most_rated_movies_are(
    small_parts: dict[str, Ratings], monkeypatch: pytest.MonkeyPatch
) -> None:
    train = small_parts["train"]
    everything = ease.fit(train, penalty=50.0)(torch.arange(train.n_users))
    monkeypatch.setattr(ease, "LARGEST", 40)
    monkeypatch.setattr(ease, "BLOCK", 7)
    few = ease.fit(train, penalty=50.0)(torch.arange(train.n_users))
    count = torch.bincount(train.movie, minlength=train.n_movies)
    scored = few.abs().sum(dim=0) > 0
    assert scored.sum() == 40
    assert count[scored].min() >= count[~scored].max()
    both = torch.stack([few[:, scored].flatten(), everything[:, scored].flatten()])
    assert both.corrcoef()[0, 1] > 0.7
