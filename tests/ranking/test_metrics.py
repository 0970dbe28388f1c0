"""Metrics agree with scikit-learn, with a plain loop, and with values worked out by hand."""

import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import mean_absolute_error, ndcg_score, root_mean_squared_error
from torch import Tensor

from stages.movielens.ratings import Ratings
from stages.ranking import metrics
from stages.ranking.metrics import Part, Score
from tests.conftest import Parts, Patch, make_ratings


def part_of(seen: Ratings, held_out: Ratings, scale: tuple[float, float] = (0.5, 5.0)) -> Part:
    count = torch.bincount(seen.movie, minlength=seen.n_movies)
    return Part("test", held_out, seen, count, scale)


def rank(score: Score, seen: Ratings, held_out: Ratings) -> dict[str, float]:
    return metrics.means(metrics.measure("a", part_of(seen, held_out), score=score))


def constant(scores: list[float], users: Tensor) -> Tensor:
    return torch.tensor(scores).expand(len(users), -1)


def test_rmse_and_mae_are_those_of_scikit_learn_on_clipped_predictions(small_parts: Parts) -> None:
    seen, test = small_parts["train"], small_parts["test"]
    stars = 6 * torch.rand(len(test), generator=torch.Generator().manual_seed(0))
    found = metrics.means(metrics.measure("a", part_of(seen, test, (1.0, 4.5)), stars))
    given = test.rating, stars.clamp(1, 4.5)
    assert found == pytest.approx(
        {"rmse": root_mean_squared_error(*given), "mae": mean_absolute_error(*given)}
    )


def test_each_user_has_a_row_and_only_users_with_a_liked_movie_a_ranking() -> None:
    test = make_ratings([(0, 0, 4.0), (0, 1, 2.0), (2, 1, 3.0)], n_users=3, n_movies=3)
    stars = torch.tensor([3.0, 3.0, 1.0])
    table = metrics.measure("a", part_of(test[:0], test), stars, partial(constant, [3.0, 2.0, 1.0]))
    assert table[["user", "n_ratings", "squared_error"]].to_numpy().tolist() == [[0, 2, 2], [2, 1, 4]]
    assert table["ndcg_at_10"].tolist() == [1, pytest.approx(float("nan"), nan_ok=True)]


def test_without_ratings_there_are_no_metrics() -> None:
    empty = make_ratings([], n_users=2, n_movies=3)
    score = partial(constant, [0.0, 0.0, 0.0])
    assert metrics.means(metrics.measure("a", part_of(empty, empty), torch.zeros(0), score)) == {}
    assert metrics.held_out_parts(make_ratings([(0, 0, 3.0)], 2, 3), empty, empty) == []
    assert list(metrics.join([])) == ["part", "method", "user"]


def test_movies_known_from_training_or_validation_are_not_ranked_in_the_test() -> None:
    train, validation, test = (make_ratings([(0, movie, 5.0)], n_users=1, n_movies=3) for movie in range(3))
    first, last = metrics.held_out_parts(train, validation, test)
    assert (first.name, first.held_out, first.seen) == ("validation", validation, train)
    assert (last.name, last.seen.movie.tolist()) == ("test", [0, 1])
    assert last.n_ratings.tolist() == [1, 0, 0]
    for part in (first, last):
        table = metrics.measure("a", part, score=partial(constant, [3.0, 2.0, 1.0]))
        assert metrics.means(table)["ndcg_at_10"] == 1


def test_the_popularity_of_a_list_is_the_median_of_its_movies() -> None:
    rows = [(user, movie, 5.0) for user in range(12) for movie in range(user)]  # 11 of movie 0, 10 of 1, …
    train, test = make_ratings(rows, 12, 12), make_ratings([(0, 11, 4.0)], 12, 12)
    assert rank(lambda user: -torch.arange(12.0)[None], train, test)["popularity"] == 6  # of 2, 3, …, 11


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
    found = rank(lambda user: scores[user], seen, test)
    expected = plain_loop(scores.double().numpy(), seen, test)
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_a_less_known_movie_counts_more_in_the_corrected_ndcg() -> None:
    train = make_ratings([(user, movie, 3.0) for movie, n in enumerate([8, 3, 0]) for user in range(n)], 9, 3)
    held_out = make_ratings([(8, movie, 5.0) for movie in (0, 1)], 9, 3)  # with weights 1/3 and 1/2
    part = Part("test", held_out, train[:0], torch.bincount(train.movie, minlength=3), (0.5, 5.0))
    second, third = 1 / math.log2(3), 1 / 2  # discounts of the places
    best = 1 / 2 + second / 3
    for scores, gain in (([3.0, 2.0, 1.0], 1 / 3 + second / 2), ([1.0, 2.0, 3.0], second / 2 + third / 3)):
        table = metrics.rank_users(partial(constant, scores), part)
        assert table["corrected_ndcg_at_10"].tolist() == pytest.approx([gain / best])


def test_of_too_many_users_every_second_is_ranked(small_parts: Parts, monkeypatch: Patch) -> None:
    scores = torch.rand(60, 150, generator=torch.Generator().manual_seed(0))
    part = part_of(small_parts["train"], small_parts["test"])
    everybody = metrics.rank_users(lambda user: scores[user], part)
    monkeypatch.setattr(metrics, "MAX_USERS", len(everybody) - 1)
    pd.testing.assert_frame_equal(metrics.rank_users(lambda user: scores[user], part), everybody[::2])


def test_lists_are_shorter_than_ten_if_there_are_fewer_movies() -> None:
    test = make_ratings([(0, 1, 5.0)], n_users=1, n_movies=2)
    found = rank(lambda user: torch.tensor([[2.0, 1.0]]), test[:0], test)
    assert (found["ndcg_at_10"], found["recall_at_10"]) == pytest.approx((1 / math.log2(3), 1))


def test_interval_coverage_by_the_table_of_the_normal_distribution() -> None:
    errors = torch.tensor([0.67, -0.68, 1.28, -1.29, 1.95, -1.97])  # the table: 0.674, 1.282, 1.960
    test = make_ratings([(0, movie, 3.0) for movie in range(6)], n_users=1, n_movies=6)
    table = metrics.measure("a", part_of(test, test), 3 + 0.5 * errors, deviation=torch.full((6,), 0.5))
    found = {name: value for name, value in metrics.means(table).items() if name.startswith("coverage")}
    assert found == pytest.approx({"coverage_50": 1 / 6, "coverage_80": 3 / 6, "coverage_95": 5 / 6})
