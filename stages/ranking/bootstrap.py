"""95 % confidence intervals of metrics by the bootstrap over users.

Users are resampled, not ratings, since the ratings of one user depend on each other. Efron & Tibshirani 1993,
"An Introduction to the Bootstrap", chapters 8 and 13.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import stats

CELLS = 10**7
"""Users × resamples at once: bounds memory."""


def bootstrap_interval(
    statistic: Callable[..., Any], *by_user: Float[np.ndarray, " users"], rng: np.random.Generator
) -> dict[str, float]:
    """Bounds `low` and `high` of the statistic, by the percentiles of 1,000 resamples.

    `statistic(*by_user, axis=...)` reduces arrays with a value for each user along an axis; all arrays are
    resampled together.
    """
    n_users = len(by_user[0])
    if n_users == 1:  # every resample is the same
        low = high = statistic(*by_user, axis=0)
    else:
        options = {"n_resamples": 1_000, "batch": max(1, CELLS // n_users), "method": "percentile"}
        low, high = stats.bootstrap(by_user, statistic, paired=True, rng=rng, **options).confidence_interval
    return {"low": float(low), "high": float(high)}


def rmse(squared_errors: np.ndarray, n_ratings: np.ndarray, *, axis: int) -> Any:
    """Root mean squared error from each user's sum of squared errors and number of ratings."""
    return np.sqrt(squared_errors.sum(axis) / n_ratings.sum(axis))


def rmse_difference(model: np.ndarray, other: np.ndarray, n_ratings: np.ndarray, *, axis: int) -> Any:
    """RMSE of a model minus that of another."""
    return rmse(model, n_ratings, axis=axis) - rmse(other, n_ratings, axis=axis)
