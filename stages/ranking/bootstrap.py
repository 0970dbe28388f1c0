"""How far measures can be trusted: intervals by the bootstrap over users, and the coverage of predictions.

Users, not ratings, are drawn anew, since the ratings of one user stand or fall together (Efron & Tibshirani
1993, chapters 13 and 8).
"""

from collections.abc import Callable
from statistics import NormalDist

import torch
from jaxtyping import Float, Int
from torch import Tensor

RESAMPLES = 1_000
CONFIDENCE = 0.95
CELLS = 10**7
"""Most users × resamples at once."""

Interval = dict[str, float]
"""The bounds `low` and `high` of a measure, with 95 % confidence."""


def of_rmse(
    squared_error: Float[Tensor, " n_ratings"], user: Int[Tensor, " n_ratings"], generator: torch.Generator
) -> Interval:
    """Of the root mean squared error, in stars."""
    sums = _sums_by_user([squared_error, torch.ones_like(squared_error)], user)
    return bootstrap(sums, lambda total: (total[:, 0] / total[:, 1]).sqrt(), generator)


def of_rmse_difference(
    squared_error: Float[Tensor, " n_ratings"],
    other: Float[Tensor, " n_ratings"],
    user: Int[Tensor, " n_ratings"],
    generator: torch.Generator,
) -> Interval:
    """Of the first root mean squared error less the second, on the same ratings: a paired comparison."""
    sums = _sums_by_user([squared_error, other, torch.ones_like(squared_error)], user)
    return bootstrap(
        sums,
        lambda total: (total[:, 0] / total[:, 2]).sqrt() - (total[:, 1] / total[:, 2]).sqrt(),
        generator,
    )


def of_mean(value: Float[Tensor, " users"], generator: torch.Generator) -> Interval:
    """Of the mean of a measure that each user has one of."""
    sums = torch.stack([value, torch.ones_like(value)], dim=1)
    return bootstrap(sums, lambda total: total[:, 0] / total[:, 1], generator)


def bootstrap(
    sums: Float[Tensor, "users terms"],
    statistic: Callable[[Tensor], Tensor],
    generator: torch.Generator,
) -> Interval:
    """The middle 95 % of a statistic of the users' summed terms, over users drawn with replacement."""
    n_users, resamples = len(sums), []
    chunk = max(1, CELLS // n_users)
    for start in range(0, RESAMPLES, chunk):
        drawn = torch.randint(n_users, (min(chunk, RESAMPLES - start), n_users), generator=generator)
        times = torch.zeros(drawn.shape, dtype=sums.dtype).scatter_add_(
            1, drawn, torch.ones(drawn.shape, dtype=sums.dtype)
        )
        resamples.append(statistic(times @ sums))
    tail = (1 - CONFIDENCE) / 2
    low, high = torch.cat(resamples).quantile(torch.tensor([tail, 1 - tail], dtype=sums.dtype)).tolist()
    return {"low": low, "high": high}


def coverage(
    rating: Float[Tensor, " n_ratings"],
    mean: Float[Tensor, " n_ratings"],
    deviation: Float[Tensor, " n_ratings"],
) -> dict[str, float]:
    """The share of ratings inside the central 50, 80 and 95 % intervals of their predicted distributions."""
    off = ((rating - mean) / deviation).abs()
    return {
        f"{percent}": (off <= NormalDist().inv_cdf(0.5 + percent / 200)).double().mean().item()
        for percent in (50, 80, 95)
    }


def _sums_by_user(
    terms: list[Float[Tensor, " n_ratings"]], user: Int[Tensor, " n_ratings"]
) -> Float[Tensor, "users terms"]:
    """Summed over the ratings of each user that has any."""
    _, row = torch.unique(user, return_inverse=True)
    return torch.stack([torch.bincount(row, term.double()) for term in terms], dim=1)
