"""The ranking score is the probability that a movie is seen times that it is liked."""

import pytest
import torch

from stages.factorization import als
from stages.factorization.fold_in import fold_in, fold_in_users
from stages.factorization.model import hour_of
from stages.movielens.ratings import Ratings
from stages.ranking import ease
from stages.ranking.score import noise_deviation, ranking_score, score_users
from tests.conftest import hyperparameters, make_problem


def test_the_ranking_score_by_the_table_of_the_normal_distribution() -> None:
    stars, seen = torch.tensor([[3.75, 4.75, 2.75]]), torch.tensor([[0.5, 0.25, -0.1]])
    found = ranking_score(stars, torch.tensor([1.0]), seen)
    assert found.tolist()[0] == pytest.approx([0.5 * 0.5, 0.25 * 0.841345, 1e-6 * 0.158655], rel=1e-4)


def test_users_are_folded_in_from_their_own_ratings(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    model = als.fit(make_problem(train), hyperparameters(solver="als", epochs=3)).model
    seen = ease.fit(train, 50.0)
    found = score_users(fold_in_users(model, train, known=True), seen, train)(torch.tensor([2, 17]))
    own = train[train.user == 17]
    posterior = fold_in(model, own.movie, own.rating, hour_of(own.timestamp), 17)
    rated = torch.zeros(1, train.n_movies)
    rated[0, own.movie] = 1
    expected = ranking_score(posterior.stars()[None], torch.ones(1), seen.score(rated))
    torch.testing.assert_close(found[1:], expected, atol=1e-5, rtol=1e-3)


def test_the_noise_deviation_is_1_where_the_solver_does_not_estimate_it() -> None:
    assert noise_deviation(torch.tensor([[0.2, 0.0], [0.3, 0.0]])).tolist() == [0.5, 1.0]
