"""Neighbours: a plain loop over users and movies predicts the same."""

from typing import Any

import pytest
import torch

from stages.baselines import biases
from stages.movielens.ratings import Ratings
from stages.ranking import neighbours


@pytest.mark.parametrize("most", [3, neighbours.K])
def test_predictions_are_those_of_a_plain_loop(
    small_parts: dict[str, Ratings], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(neighbours, "K", most)
    train = small_parts["train"]
    model = biases(train, 3.0)
    found = neighbours.predict_all(train, model)
    rest: list[dict[int, float]] = [{} for _ in range(train.n_movies)]
    left = (train.rating - model.predict(train)).tolist()
    for user, movie, value in zip(train.user.tolist(), train.movie.tolist(), left, strict=True):
        rest[movie][user] = value

    def similarity(i: int, j: int) -> Any:
        common = rest[i].keys() & rest[j].keys()
        product = sum(rest[i][u] * rest[j][u] for u in common)
        squares = sum(rest[i][u] ** 2 for u in common) * sum(rest[j][u] ** 2 for u in common)
        if squares == 0:
            return 0.0
        return product / float(squares) ** 0.5 * (len(common) - 1) / (len(common) - 1 + neighbours.SHRINKAGE)

    level = model.score(torch.arange(train.n_users))
    for user, movie in ((0, 3), (0, 140), (31, 7), (59, 60)):
        rated = [j for j in range(train.n_movies) if user in rest[j]]
        near = sorted(((similarity(movie, j), rest[j][user]) for j in rated), reverse=True)[:most]
        near = [(weight, value) for weight, value in near if weight > 0]
        total = sum(weight for weight, _ in near)
        pull = sum(weight * value for weight, value in near) / total if total else 0.0
        assert abs(found[user, movie].item() - level[user, movie].item() - pull) < 1e-4
