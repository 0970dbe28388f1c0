"""Metrics agree with scikit-learn, with a plain loop, and with values worked out by hand."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_absolute_error, ndcg_score, root_mean_squared_error

from stages.movielens.ratings import Ratings
from stages.ranking import metrics
from tests.conftest import Parts, Patch, make_ratings


def test_rmse_and_mae_are_those_of_scikit_learn() -> None:
    prediction, rating = torch.rand(2, 30, generator=torch.Generator().manual_seed(0))
    expected = [root_mean_squared_error(rating, prediction), mean_absolute_error(rating, prediction)]
    found = metrics.accuracy(prediction, rating)
    assert [found["rmse"], found["mae"]] == pytest.approx(expected)


def test_without_ratings_there_are_no_metrics() -> None:
    empty = make_ratings([], n_users=2, n_movies=3)
    movie, by_user = metrics.top_movies(lambda user: torch.zeros(len(user), 3), empty, empty)
    assert (
        metrics.accuracy(empty.rating, empty.rating)
        == by_user
        == metrics.popularity_metrics(movie, empty)
        == {}
    )


def test_lists_and_their_popularity_by_hand() -> None:
    train = make_ratings([(0, 0, 5.0), (1, 0, 5.0), (2, 1, 5.0)], n_users=3, n_movies=40)
    test = make_ratings([(0, 1, 4.0), (1, 2, 3.5), (2, 0, 5.0)], n_users=3, n_movies=40)
    movie, _ = metrics.top_movies(lambda user: -torch.arange(40.0).expand(len(user), -1), train, test)
    assert movie.tolist() == [[*range(1, 11)], [0, *range(2, 11)]]
    assert metrics.popularity_metrics(movie, train) == {"catalogue_coverage": 11 / 40, "median_popularity": 0}


def plain_loop(scores: np.ndarray, seen: Ratings, test: Ratings) -> dict[str, float]:
    """The same metrics, user by user; NDCG by scikit-learn."""
    gains, shares = [], []
    for user in range(test.n_users):
        relevant = set(test.movie[(test.user == user) & (test.rating >= 4)].tolist())
        if not relevant:
            continue
        known = set(seen.movie[seen.user == user].tolist())
        candidates = [movie for movie in range(test.n_movies) if movie not in known]
        truth = np.array([[movie in relevant for movie in candidates]], dtype=float)
        gains.append(ndcg_score(truth, scores[[user]][:, candidates], k=10))
        best = sorted(candidates, key=lambda movie: -scores[user, movie])[:10]
        shares.append(len(relevant & set(best)) / min(10, len(relevant)))
    return {"ndcg_at_10": float(np.mean(gains)), "recall_at_10": float(np.mean(shares))}


@pytest.mark.parametrize("block", [1, 7, 1_000])
def test_ranking_metrics_are_those_of_a_loop(small_parts: Parts, block: int, monkeypatch: Patch) -> None:
    monkeypatch.setattr(metrics, "BLOCK", block)
    seen, test = small_parts["train"], small_parts["test"]
    scores = torch.rand(test.n_users, test.n_movies, generator=torch.Generator().manual_seed(0))
    found = metrics.ranking_table("a", lambda user: scores[user], seen, test).mean()
    assert found.rename(lambda name: name.removeprefix("a ")).to_dict() == pytest.approx(
        plain_loop(scores.double().numpy(), seen, test)
    )


def test_of_too_many_users_every_second_is_ranked(small_parts: Parts, monkeypatch: Patch) -> None:
    scores = torch.rand(60, 150, generator=torch.Generator().manual_seed(0))
    inputs = "a", lambda user: scores[user], small_parts["train"], small_parts["test"]
    everybody = metrics.ranking_table(*inputs)
    monkeypatch.setattr(metrics, "MAX_USERS", len(everybody) - 1)
    assert metrics.ranking_table(*inputs).to_numpy().tolist() == everybody[::2].to_numpy().tolist()


def test_lists_are_shorter_than_ten_if_there_are_fewer_movies() -> None:
    test = make_ratings([(0, 1, 5.0)], n_users=1, n_movies=2)
    found = metrics.ranking_table("a", lambda user: torch.tensor([[2.0, 1.0]]), test[:0], test)
    assert found.mean().to_dict() == pytest.approx({"a ndcg_at_10": 1 / math.log2(3), "a recall_at_10": 1})


def test_interval_coverage_by_the_table_of_the_normal_distribution() -> None:
    errors = torch.tensor([0.67, -0.68, 1.28, -1.29, 1.95, -1.97])  # the table: 0.674, 1.282, 1.960
    assert metrics.interval_coverage(errors) == pytest.approx({"50": 1 / 6, "80": 3 / 6, "95": 5 / 6})
