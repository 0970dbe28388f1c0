"""The ranking score is the estimate of EASE times the root of the probability that a movie is liked."""

import pytest
import torch

from stages.factorization import als
from stages.factorization.fold_in import fold_in, fold_in_users
from stages.movielens.ratings import Ratings
from stages.ranking.score import fit_ease, noise_deviation, ranking_score, score_users, values
from tests.conftest import hyperparameters, make_problem


def test_the_ranking_score_by_the_table_of_the_normal_distribution() -> None:
    stars, estimate = torch.tensor([[3.75, 4.75, 2.75]]), torch.tensor([[0.5, 0.25, -0.1]])
    found = ranking_score(stars, torch.tensor([1.0]), estimate)
    expected = [0.5 * 0.5**0.5, 0.25 * 0.841345**0.5, 1e-6 * 0.158655**0.5]
    assert found.tolist()[0] == pytest.approx(expected, rel=1e-4)


def test_a_dislike_counts_against_and_more_stars_count_more() -> None:
    found = values(torch.arange(0.5, 5.5, 0.5))
    assert (found[:4] < 0).all()
    assert (found[4:].diff() > 0).all()
    assert found[6] == 1


def test_users_are_folded_in_from_their_own_ratings(train: Ratings) -> None:
    model = als.fit(make_problem(train), hyperparameters(solver="als", epochs=3)).model
    fitted = fit_ease(train, 50.0)
    found = score_users(fold_in_users(model, train, known=True), fitted, train)(torch.tensor([2, 17]))
    own = train[train.user == 17]
    posterior = fold_in(model, own.movie, own.rating, own.timestamp, 17)
    rated = torch.zeros(1, train.n_movies)
    rated[0, own.movie] = values(own.rating)
    expected = ranking_score(posterior.stars()[None], torch.ones(1), fitted.score(rated))
    torch.testing.assert_close(found[1:], expected, atol=1e-5, rtol=1e-3)
    assert noise_deviation(torch.tensor([[0.2, 0.0], [0.3, 0.0]])).tolist() == [0.5, 1.0]
