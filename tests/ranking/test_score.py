"""The ranking score: what it is made of, by values worked out by hand."""

import math

import pytest
import torch

from stages.factorization import als
from stages.factorization.fold_in import fold_in, fold_in_users
from stages.movielens.ratings import Ratings
from stages.ranking import score
from stages.ranking.score import Ranker, fit_known, fit_new, ranking_score
from tests.conftest import hyperparameters, make_problem, make_ratings


def ranker(genres: list[list[float]], n_ratings: list[float], discount: float = 0.0) -> Ranker:
    """One that estimates 0.5, 0.25 and below 0, whatever is given."""
    n, nothing = len(n_ratings), torch.zeros(0, len(n_ratings))
    intercept = torch.tensor([0.5, 0.25, -0.1, 0.5])[:n]
    tables = torch.tensor(genres), torch.tensor(n_ratings)
    return Ranker(torch.arange(n), n, intercept, torch.zeros(n, n), nothing, *tables, discount)


def test_the_chance_of_liking_is_by_the_table_of_the_normal_distribution() -> None:
    stars, deviation = torch.tensor([[3.75, 4.75, 2.75]]), torch.tensor([1.0])
    found = ranking_score(ranker([[1.0]] * 3, [1.0] * 3), torch.zeros(1, 3), stars, deviation)
    expected = [0.5 * 0.5**0.5, 0.25 * 0.841345**0.5, score.MIN_SCORE * 0.158655**0.5]
    assert found.tolist()[0] == pytest.approx(expected, rel=1e-4)


def test_less_known_movies_count_more_the_more_adventurous() -> None:
    fitted = ranker([[1.0]] * 2, [90.0, 0.0], discount=0.5)
    for adventurous, known in ((0.0, 0.1), (0.5, 100**-0.75), (1.0, 0.01)):
        assert fitted.discounts(adventurous)[0].item() == pytest.approx(known)


def test_taste_is_by_how_much_the_liked_movies_differ_from_the_mix() -> None:
    fitted = ranker([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.0, 0.0]], [10.0, 10.0, 0.0, 0.0])
    given = torch.tensor([[5.0, 1.0, 0.0, 0.0], [0.0, 3.5, 0.0, 0.0]])
    shares = 3.5 / 6, 2.5 / 6  # one liked movie, and five of the mix
    ratios = [math.log(share / 0.5) for share in shares]
    divergence = sum(share * ratio for share, ratio in zip(shares, ratios, strict=True))
    expected = [math.exp(divergence * each) for each in (*ratios, sum(ratios) / 2, 0.0)]
    found = fitted.taste(given)
    assert found[0].tolist() == pytest.approx(expected, rel=1e-5)
    assert found[1].tolist() == pytest.approx([1] * 4)


@pytest.mark.parametrize("genres", [torch.zeros(2, 1), torch.zeros(2, 0), torch.eye(2)])
def test_without_genres_taste_counts_nothing(genres: torch.Tensor) -> None:
    fitted = fit_new(make_ratings([(0, 0, 4.0), (1, 0, 4.0)], 2, 2), genres)
    assert fitted.taste(torch.tensor([[0.0, 5.0], [0.0, 0.0]])).tolist()[1] == [1, 1]
    assert fitted.taste(torch.tensor([[0.0, 5.0]])).isfinite().all()


def test_a_dislike_counts_against_and_more_stars_count_more() -> None:
    found = score.values(torch.arange(0.5, 5.5, 0.5))
    assert (found[:4] < 0).all()
    assert (found[4:].diff() > 0).all()
    assert found[6] == 1


def test_somebody_without_ratings_is_offered_what_many_people_rate_highly(train: Ratings) -> None:
    genres = torch.ones(train.n_movies, 1)
    stars = torch.bincount(train.movie, train.rating, train.n_movies)
    for fitted in (fit_known(train, genres, 100.0), fit_new(train, genres)):
        (estimate,) = fitted.score(torch.zeros(1, train.n_movies))
        assert torch.corrcoef(torch.stack([estimate, stars]))[0, 1] > 0.9


def test_users_are_folded_in_from_their_own_ratings(train: Ratings) -> None:
    model = als.fit(make_problem(train), hyperparameters(solver="als", epochs=3)).model
    fitted = fit_known(train, torch.ones(train.n_movies, 1), 50.0)
    found = score.score_users(fold_in_users(model, train, known=True), fitted, train)(torch.tensor([2, 17]))
    own = train[train.user == 17]
    posterior = fold_in(model, own.movie, own.rating, 17)
    given = torch.zeros(1, train.n_movies)
    given[0, own.movie] = own.rating
    expected = ranking_score(fitted, given, posterior.stars()[None], torch.ones(1))
    torch.testing.assert_close(found[1:], expected, atol=1e-5, rtol=1e-3)
    assert score.noise_deviation(torch.tensor([[0.2, 0.0], [0.3, 0.0]])).tolist() == [0.5, 1.0]
