"""95 % confidence intervals of metrics, and of differences between methods, by the bootstrap over users.

Users are resampled, not ratings, since the ratings of one user depend on each other. A difference is that of
the same resample, so that it is paired. Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapters
8 and 13.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float

from stages.ranking.metrics import sums

RESAMPLES = 2_000
CELLS = 10**7  # users × resamples at once: bounds memory


class Estimate(NamedTuple):
    """A metric of a method with its interval, and its difference from the reference; NaN without one."""

    value: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float


Summary = dict[tuple[str, str], Estimate]
"""By metric and method."""


def summarise(scores: pd.DataFrame, reference: str, seed: int) -> Summary:
    """The metrics that each method has in one part; `scores` is a table by `metrics.measure`."""
    tables = sums(scores.set_index(["method", "user"]))
    value, count = (pd.DataFrame(table.unstack("method", fill_value=0.0)) for table in tables)
    names: list[Any] = count.columns[count.any()].tolist()
    totals = resample(np.hstack([value[names].to_numpy(), count[names].to_numpy()]), seed)
    with np.errstate(invalid="ignore"):  # 0 / 0 where a resample has none of the users with a metric
        estimate = totals[:, : len(names)] / totals[:, len(names) :]
    estimate = estimate[~np.isnan(estimate).any(axis=1)]
    estimate[:, [metric == "rmse" for metric, _ in names]] **= 0.5
    found = {}
    for column, (metric, method) in enumerate(names):
        own = estimate[:, column]
        known = (metric, reference) in names
        difference = own - (estimate[:, names.index((metric, reference))] if known else np.nan)
        low, high = np.quantile([own, difference], [0.025, 0.975], axis=1)
        found[metric, method] = Estimate(own[0], low[0], high[0], difference[0], low[1], high[1])
    return found


def resample(by_user: Float[np.ndarray, "users columns"], seed: int) -> Float[np.ndarray, "totals columns"]:
    """Sums over all users, then over each of `RESAMPLES` resamples of the users."""
    n_users, rng = len(by_user), np.random.default_rng(seed)
    step = max(1, CELLS // n_users)
    sizes = [min(step, RESAMPLES - start) for start in range(0, RESAMPLES, step)]
    equal = np.full(n_users, 1 / n_users)
    return np.concatenate(
        [by_user.sum(axis=0)[None], *(rng.multinomial(n_users, equal, size) @ by_user for size in sizes)]
    )
