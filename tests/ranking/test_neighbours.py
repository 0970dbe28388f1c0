"""Neighbours predict as the formula of KNNBaseline, written for one user and one movie."""

import pytest
import torch

from stages.movielens.ratings import Ratings
from stages.ranking import neighbours
from stages.ranking.baselines import biases
from tests.conftest import Patch


@pytest.mark.parametrize("k", [3, neighbours.K])
def test_predictions_are_those_of_the_formula(train: Ratings, monkeypatch: Patch, k: int) -> None:
    monkeypatch.setattr(neighbours, "K", k)
    model = biases(train, 3.0)
    found = neighbours.predict_all(train, model)
    bias = model.score(torch.arange(train.n_users))
    residual: list[dict[int, float]] = [{} for _ in range(train.n_movies)]
    for user, movie, stars in zip(train.user, train.movie, train.rating, strict=True):
        residual[int(movie)][int(user)] = float(stars - bias[user, movie])

    def similarity(i: int, j: int) -> float:
        common = residual[i].keys() & residual[j].keys()
        product = sum(residual[i][u] * residual[j][u] for u in common)
        squares = sum(residual[i][u] ** 2 for u in common) * sum(residual[j][u] ** 2 for u in common)
        n = len(common) - 1
        return product / max(float(squares), 1e-12) ** 0.5 * n / (n + neighbours.SHRINKAGE) if common else 0

    for user, movie in ((0, 3), (0, 140), (31, 7), (59, 60)):
        rated = [j for j in range(train.n_movies) if user in residual[j]]
        nearest = sorted(((similarity(movie, j), residual[j][user]) for j in rated), reverse=True)[:k]
        positive = [(weight, value) for weight, value in nearest if weight > 0]
        total = sum(weight * value for weight, value in positive)
        expected = total / sum(weight for weight, _ in positive) if positive else 0
        assert float(found[user, movie] - bias[user, movie]) == pytest.approx(expected, abs=1e-4)
