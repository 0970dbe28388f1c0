"""Bootstrap intervals agree with those of scipy, which resamples one statistic at a time."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from stages.ranking import bootstrap
from stages.ranking.bootstrap import summarise


def scores(seed: int, n_users: int = 100) -> pd.DataFrame:
    """Of methods a and b; a predicts no rating of the first user, and b ranks for every second."""
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 50, n_users)
    table = pd.DataFrame({"user": range(n_users), "n_ratings": count, "ndcg_at_10": rng.random(n_users)})
    one = table.assign(method="a", squared_error=count * rng.uniform(0.5, 1.5, n_users))[1:]
    other = table.assign(method="b", squared_error=count * rng.uniform(0.5, 1.5, n_users))
    return pd.concat([one, other.assign(ndcg_at_10=table["ndcg_at_10"].where(table["user"] % 2 == 0))])


def scipys(table: pd.DataFrame) -> tuple[float, float, float]:
    """RMSE of b minus that of a, and its interval."""
    by_user = table.pivot(index="user", columns="method")[["squared_error", "n_ratings"]].fillna(0)
    columns = [by_user[pair].to_numpy() for pair in by_user]

    def difference(*columns: np.ndarray, axis: int) -> Any:
        error_a, error_b, n_a, n_b = columns
        return (error_b.sum(axis) / n_b.sum(axis)) ** 0.5 - (error_a.sum(axis) / n_a.sum(axis)) ** 0.5

    options = {"paired": True, "n_resamples": 4_000, "method": "percentile"}
    interval = stats.bootstrap(
        columns, difference, rng=np.random.default_rng(0), **options
    ).confidence_interval
    return difference(*columns, axis=0), interval.low, interval.high


@pytest.mark.parametrize("cells", [10, 10**7])
def test_users_are_resampled_with_all_their_ratings(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "CELLS", cells)
    table = scores(seed=1)
    found = summarise(table, "a", seed=0).difference["rmse", "b"]
    value, low, high = scipys(table)
    assert found.mean == pytest.approx(value)
    assert found[1:] == pytest.approx((low, high), abs=0.1 * (high - low))


def test_values_are_means_over_the_users_of_a_method_inside_their_intervals() -> None:
    table = scores(seed=2)
    found = summarise(table, "a", seed=0)
    means = table.groupby("method")["ndcg_at_10"].mean()
    for method in "ab":
        value, low, high = found.value["ndcg_at_10", method]
        assert value == pytest.approx(means[method])
        assert low < value < high
    assert {method for _, method in found.difference} == {"b"}


def test_one_user_has_no_interval_and_metrics_that_the_reference_lacks_no_difference() -> None:
    alone = scores(seed=3, n_users=1)
    found = summarise(alone, "a", seed=0)
    assert len(set(found.value["rmse", "b"])) == 1
    assert not found.difference
