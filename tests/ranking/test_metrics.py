"""The measures agree with scikit-learn, with a plain loop, and with what was worked out by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, ndcg_score, root_mean_squared_error

from stages.movielens.ratings import Ratings
from stages.ranking import metrics as measures
from stages.ranking.metrics import accuracy, ndcg, ranking, recall, recommend
from tests.conftest import make_ratings


@given(st.lists(st.tuples(st.floats(0.5, 5), st.floats(0.5, 5)), min_size=1, max_size=30))
def test_rmse_and_mae_are_those_of_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    prediction, rating = torch.tensor(pairs, dtype=torch.float64).T
    found = accuracy(prediction, rating)
    assert found["rmse"] == pytest.approx(root_mean_squared_error(rating, prediction))
    assert found["mae"] == pytest.approx(mean_absolute_error(rating, prediction))


def test_without_ratings_nothing_is_measured() -> None:
    empty = make_ratings([], n_users=2, n_movies=3)
    assert accuracy(torch.zeros(0), empty.rating) == {}
    assert ranking(lambda user: torch.zeros(len(user), 3), empty, empty) == {}


def test_ndcg_and_recall_by_hand() -> None:
    hit = torch.tensor([[True, False, True], [False, False, False], [True, True, True], [False, True, False]])
    n_relevant = torch.tensor([2, 1, 5, 4])
    first, second, third = 1, 1 / math.log2(3), 1 / 2
    expected = [(first + third) / (first + second), 0, 1, second / (first + second + third)]
    assert ndcg(hit, n_relevant).tolist() == pytest.approx(expected)
    assert recall(hit, n_relevant).tolist() == pytest.approx([1, 0, 1, 1 / 3])


def test_only_unseen_movies_are_ranked_and_only_users_with_a_relevant_one_count() -> None:
    seen = make_ratings([(0, 0, 5.0), (1, 1, 5.0)], n_users=3, n_movies=4)
    test = make_ratings([(0, 1, 4.0), (1, 2, 3.5), (2, 3, 5.0)], n_users=3, n_movies=4)
    falling = torch.tensor([4.0, 3.0, 2.0, 1.0])  # user 0 finds movie 1 first, user 2 movie 3 fourth
    found = ranking(lambda user: falling.expand(len(user), -1), seen, test)
    assert found["ndcg_at_10"] == pytest.approx((1 + 1 / math.log2(5)) / 2)
    assert found["recall_at_10"] == 1


def test_the_reach_of_lists_by_hand() -> None:
    train = make_ratings([(0, 0, 5.0), (1, 0, 5.0), (2, 1, 5.0)], n_users=3, n_movies=40)
    test = make_ratings([(0, 1, 4.0), (2, 0, 5.0)], n_users=3, n_movies=40)
    falling = -torch.arange(40.0)
    lists = recommend(lambda user: falling.expand(len(user), -1), train, test)
    assert lists.movie.tolist() == [[*range(1, 11)], [0, *range(2, 11)]]
    assert lists.reach(train) == {"catalogue_coverage": 11 / 40, "median_popularity": 0}
    assert (
        recommend(lambda user: falling.expand(len(user), -1), train, test[test.rating < 0]).reach(train) == {}
    )


def plain(scores: np.ndarray, seen: Ratings, test: Ratings) -> dict[str, float]:
    """The same measures, user by user; NDCG by scikit-learn."""
    gains, shares = [], []
    for user in range(test.n_users):
        wanted = set(test.movie[(test.user == user) & (test.rating >= 4)].tolist())
        if not wanted:
            continue
        known = set(seen.movie[seen.user == user].tolist())
        candidates = [movie for movie in range(test.n_movies) if movie not in known]
        relevant = np.array([[movie in wanted for movie in candidates]], dtype=float)
        gains.append(ndcg_score(relevant, scores[[user]][:, candidates], k=10))
        best = sorted(candidates, key=lambda movie: -scores[user, movie])[:10]
        shares.append(len(wanted & set(best)) / min(10, len(wanted)))
    return {"ndcg_at_10": float(np.mean(gains)), "recall_at_10": float(np.mean(shares))}


@pytest.mark.parametrize("block", [1, 7, 1_000])
def test_ranking_is_that_of_an_independent_implementation(
    small_parts: dict[str, Ratings], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures, "BLOCK", block)
    seen, test = small_parts["train"], small_parts["test"]
    scores = torch.rand(test.n_users, test.n_movies, generator=torch.Generator().manual_seed(0))
    found = ranking(lambda user: scores[user], seen, test)
    assert found == pytest.approx(plain(scores.double().numpy(), seen, test))


def test_a_ranking_that_knows_the_test_ratings_is_perfect(small_parts: dict[str, Ratings]) -> None:
    test = small_parts["test"]
    scores = torch.zeros(test.n_users, test.n_movies)
    scores[test.user, test.movie] = test.rating
    assert ranking(lambda user: scores[user], small_parts["train"], test) == {
        "ndcg_at_10": pytest.approx(1),
        "recall_at_10": pytest.approx(1),
    }


def test_a_list_may_be_longer_than_there_are_movies() -> None:
    test = make_ratings([(0, 1, 5.0)], n_users=1, n_movies=2)
    found = ranking(lambda user: torch.tensor([[2.0, 1.0]]), test[torch.zeros(0, dtype=torch.int64)], test)
    assert found == {"ndcg_at_10": pytest.approx(1 / math.log2(3)), "recall_at_10": 1}
