"""95 % confidence intervals: by the bootstrap over users, and by Student's t over seeds.

Users are resampled, not ratings, since the ratings of one user depend on each other. A difference is that of
the same resample, or of the same seed, so that it is paired. Efron & Tibshirani 1993, "An Introduction to the
Bootstrap", chapters 8 and 13.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import stdtrit

from stages.ranking.metrics import sums

RESAMPLES = 2_000
CELLS = 10**7  # users × resamples at once: bounds memory


class Interval(NamedTuple):
    """A mean, or a difference of means, and its interval."""

    mean: float
    low: float
    high: float


class Summary(NamedTuple):
    """By metric and method, those that are measured."""

    value: dict[tuple[str, str], Interval]
    difference: dict[tuple[str, str], Interval]  # from the reference, of metrics that it has, too


def summarise(scores: pd.DataFrame, reference: str, seed: int) -> Summary:
    """The metrics that each method has in one part; `scores` is a table by `metrics.measure`."""
    tables = sums(scores.set_index(["method", "user"]))
    value, count = (pd.DataFrame(table.unstack("method", fill_value=0.0)) for table in tables)
    names: list[Any] = count.columns[count.any()].tolist()
    totals = resample(np.hstack([value[names].to_numpy(), count[names].to_numpy()]), seed)
    with np.errstate(invalid="ignore"):  # 0 / 0 where a resample has none of the users with a metric
        estimate = totals[:, : len(names)] / totals[:, len(names) :]
    estimate = estimate[~np.isnan(estimate).any(axis=1)].T
    of = {key: own**0.5 if key[0] == "rmse" else own for key, own in zip(names, estimate, strict=True)}
    others = [key for key in of if key[1] != reference and (key[0], reference) in of]
    compared = {key: of[key] - of[key[0], reference] for key in others}
    middle = [0.025, 0.975]  # 95 % of the estimates, of which the first is of all users
    intervals = (
        {key: Interval(each[0], *np.quantile(each, middle)) for key, each in own.items()}
        for own in (of, compared)
    )
    return Summary(*intervals)


def resample(by_user: Float[np.ndarray, "users columns"], seed: int) -> Float[np.ndarray, "totals columns"]:
    """Sums over all users, then over each of `RESAMPLES` resamples of the users."""
    n_users, rng = len(by_user), np.random.default_rng(seed)
    step = max(1, CELLS // n_users)
    sizes = [min(step, RESAMPLES - start) for start in range(0, RESAMPLES, step)]
    equal = np.full(n_users, 1 / n_users)
    resamples = [rng.multinomial(n_users, equal, size) @ by_user for size in sizes]
    return np.concatenate([by_user.sum(axis=0)[None], *resamples])


def mean_difference(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """mean, error, low, high by column: of second minus first, row by row, with the standard error."""
    difference = second - first
    mean, error = difference.mean(), difference.sem()
    margin = stdtrit(difference.count() - 1, 0.975) * error
    return pd.DataFrame({"mean": mean, "error": error, "low": mean - margin, "high": mean + margin})
