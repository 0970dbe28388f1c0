"""EASE is the minimum of its objective, whichever way it is computed."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from stages.core.cli import UserError
from stages.movielens.ratings import Ratings
from stages.ranking import ease


def by_definition(train: Ratings) -> tuple[Tensor, Tensor]:
    """Who rated what, and the weights of the published closed form at a penalty of 50."""
    rated = torch.zeros(train.n_users, train.n_movies, dtype=torch.float64)
    rated[train.user, train.movie] = 1
    inverse = torch.linalg.inv(rated.T @ rated + 50 * torch.eye(train.n_movies))
    weights = inverse / -inverse.diagonal()
    weights.fill_diagonal_(0)
    return rated, weights


def test_scores_are_those_of_the_published_closed_form(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    rated, weights = by_definition(train)
    users = torch.tensor([3, 0, 41])
    found = ease.fit(train, penalty=50.0).score(rated[users].float())
    torch.testing.assert_close(found, (rated @ weights)[users].float(), atol=1e-4, rtol=1e-3)


def test_with_more_users_than_can_be_told_apart_only_the_most_rated_movies_are(
    small_parts: dict[str, Ratings], monkeypatch: pytest.MonkeyPatch
) -> None:
    train = small_parts["train"]
    rated = torch.zeros(train.n_users, train.n_movies)
    rated[train.user, train.movie] = 1
    everything = ease.fit(train, penalty=50.0).score(rated)
    monkeypatch.setattr(ease, "LARGEST", 40)
    monkeypatch.setattr(ease, "BLOCK", 7)
    few = ease.fit(train, penalty=50.0).score(rated)
    count = torch.bincount(train.movie, minlength=train.n_movies)
    scored = few.abs().sum(dim=0) > 0
    assert scored.sum() == 40
    assert count[scored].min() >= count[~scored].max()
    both = torch.stack([few[:, scored].flatten(), everything[:, scored].flatten()])
    assert both.corrcoef()[0, 1] > 0.7


def test_somebody_new_is_answered_as_by_the_weights(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    _, weights = by_definition(train)
    new = torch.zeros(1, train.n_movies)
    new[0, [3, 14, 15]] = 1
    found = ease.fit(train, penalty=50.0).score(new)
    torch.testing.assert_close(found, (new.double() @ weights).float(), atol=1e-4, rtol=1e-3)


def test_a_file_comes_back_as_it_was_written(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    fitted = ease.fit(small_parts["train"], penalty=50.0)
    (tmp_path / "ease.pt").write_bytes(fitted.serialize())
    assert ease.Ease.load(tmp_path / "ease.pt").serialize() == fitted.serialize()
    with pytest.raises(UserError, match=r"nothing\.pt does not exist; make it with: dvc repro"):
        ease.Ease.load(tmp_path / "nothing.pt")
