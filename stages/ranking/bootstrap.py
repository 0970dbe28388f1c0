"""95 % confidence intervals of metrics by the bootstrap over users.

Users are resampled, not ratings, since the ratings of one user depend on each other. Efron & Tibshirani 1993,
"An Introduction to the Bootstrap", chapters 8 and 13.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from stages.core.files import Metrics
from stages.movielens.ratings import Ratings

CELLS = 10**7  # users × resamples at once: bounds memory


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


def squared_errors(predictions: pd.DataFrame, ratings: Ratings) -> pd.DataFrame:
    """Each user's sums of squared errors, by method, and `n_ratings`."""
    errors = predictions.sub(ratings.rating.numpy(), axis="index") ** 2
    return errors.assign(n_ratings=1.0).groupby(ratings.user.numpy()).sum()


def compare_accuracy(sums: pd.DataFrame, rng: np.random.Generator) -> Metrics:
    """RMSE of `model` minus that of the best other method, with its interval: below 0 the model is better.

    `sums` is what `squared_errors` returns; empty without another method.
    """
    others = sums.drop(columns=["model", "n_ratings"])
    if others.empty:
        return {}
    best = str(others.sum().idxmin())
    by_user = sums[["model", best, "n_ratings"]].to_numpy().T
    difference = float(rmse_difference(*by_user, axis=0))
    return {
        "name": best,
        "rmse_difference": difference,
        **bootstrap_interval(rmse_difference, *by_user, rng=rng),
    }


def compare_rankings(table: pd.DataFrame, metric: str, rng: np.random.Generator) -> Metrics:
    """A metric of the model minus that of the best baseline, with its interval: above 0 the model is better.

    `table` has the metric by user, in columns such as "model ndcg_at_10"; empty without a baseline.
    """
    others = table.filter(like=metric)
    model = others.pop(f"model {metric}") if len(table) else None
    if others.empty or model is None:
        return {}
    best = str(others.mean().idxmax())
    difference = (model - others[best]).to_numpy()
    interval = bootstrap_interval(np.mean, difference, rng=rng)
    return {"name": best.split()[0], "difference": difference.mean().item(), **interval}
