"""Bootstrap intervals agree with a plain loop."""

import numpy as np
import pytest

from stages.ranking import bootstrap
from stages.ranking.bootstrap import bootstrap_interval, rmse, rmse_difference


@pytest.mark.parametrize("cells", [10, 10**7])
def test_users_are_resampled_with_all_their_ratings(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "CELLS", cells)
    rng = np.random.default_rng(0)
    count = rng.integers(1, 50, 100).astype(float)
    model, other = count * rng.uniform(0.5, 1.5, (2, 100))
    differences = []
    for draw in rng.integers(100, size=(4_000, 100)):
        errors = [sum(values[user] for user in draw) for values in (model, other, count)]
        differences.append((errors[0] / errors[2]) ** 0.5 - (errors[1] / errors[2]) ** 0.5)
    low, high = np.quantile(differences, [0.025, 0.975])
    found = bootstrap_interval(rmse_difference, model, other, count, rng=rng)
    assert [found["low"], found["high"]] == pytest.approx([low, high], abs=0.1 * (high - low))
    alone = bootstrap_interval(rmse, np.array([4.0]), np.array([2.0]), rng=rng)
    assert alone == {"low": 2**0.5, "high": 2**0.5}
