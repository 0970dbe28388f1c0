"""Metrics of predictions and rankings, the same for the model and for every baseline.

Each is a mean over ratings or over users, so all are computed from one table with a row for each user.
"""

from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm import tqdm

from stages.movielens.ratings import Ratings, concatenate

MODEL = "model"  # its name among the methods
RELEVANT = 4.0  # stars from which a movie counts as liked
LEVELS = 50, 80, 95  # percentages of ratings that predicted intervals should contain
BLOCK = 512  # users ranked at once: bounds memory to a few times `BLOCK` × n_movies numbers
MAX_USERS = 20_000  # for whom movies are ranked; of more users, an evenly spaced choice

RANKING_METRICS = "ndcg_at_10 recall_at_10 corrected_ndcg_at_10 popularity".split()
MEANS_OVER_RATINGS = {"rmse": "squared_error", "mae": "absolute_error"}
MEANS_OVER_RATINGS |= {f"coverage_{level}": f"inside_{level}" for level in LEVELS}
"""Metrics and the columns with their sums over the `n_ratings` of each user; RMSE is the root of its mean."""

Score = Callable[[Int[Tensor, " users"]], Float[Tensor, "users n_movies"]]
"""Scores every movie for each of the users: movies with higher scores are ranked first."""


class Part(NamedTuple):
    """Held-out ratings, and what is known when they are predicted."""

    name: str
    held_out: Ratings
    seen: Ratings  # movies that are not ranked for their users
    n_ratings: Int[Tensor, " n_movies"]  # of each movie in training
    scale: tuple[float, float]  # the lowest and the highest stars, to which predictions are clipped


def held_out_parts(train: Ratings, validation: Ratings, test: Ratings) -> list[Part]:
    """The validation and the test ratings, each if there are any; no part sees ratings of a later one."""
    known = torch.bincount(train.movie, minlength=train.n_movies), train.scale()
    parts = {"validation": (validation, train), "test": (test, concatenate(train, validation))}
    return [Part(name, *ratings, *known) for name, ratings in parts.items() if len(ratings[0])]


def measure(
    method: str,
    part: Part,
    stars: Float[Tensor, " n_ratings"] | None = None,
    score: Score | None = None,
    deviation: Float[Tensor, " n_ratings"] | None = None,
) -> pd.DataFrame:
    """The columns part, method and user, the columns of `MEANS_OVER_RATINGS`, and the `RANKING_METRICS`.

    A row for each user with held-out ratings; without a relevant one, ranking metrics are missing.
    """
    held_out, columns = part.held_out, dict[str, Tensor]()
    if stars is not None:
        error = (stars.clamp(*part.scale) - held_out.rating).double()
        columns = {"n_ratings": torch.ones_like(error), "squared_error": error.square()}
        columns["absolute_error"] = error.abs()
    if stars is not None and deviation is not None:
        distance = (stars - held_out.rating).abs() / deviation
        bounds = {level: NormalDist().inv_cdf(0.5 + level / 200) for level in LEVELS}
        columns |= {f"inside_{level}": distance <= bound for level, bound in bounds.items()}
    values = {name: column.double().numpy() for name, column in columns.items()}
    table = pd.DataFrame(values, index=held_out.user.numpy()).groupby(level=0).sum()
    if score is not None:
        table = table.join(rank_users(score, part), how="outer")
    return table.rename_axis("user").reset_index().assign(part=part.name, method=method)


def join(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One table of those by `measure`, to 6 digits; without any, it has no rows."""
    return pd.concat(tables).round(6) if tables else pd.DataFrame(columns=["part", "method", "user"])


def means(scores: pd.DataFrame) -> dict[str, float]:
    """The metrics that are defined, of one method in one part, from the table by `measure`."""
    value, count = sums(scores)
    total = (value.sum() / count.sum()).dropna()
    return {str(name): mean**0.5 if name == "rmse" else mean for name, mean in total.items()}


def sums(scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each row's contribution to the metrics, and the number of ratings or users that it stands for."""
    columns = MEANS_OVER_RATINGS | {name: name for name in RANKING_METRICS}
    measured = {name: scores.get(column) for name, column in columns.items()}
    value = pd.DataFrame(measured, scores.index, dtype=float)
    count = value.notna().astype(float)
    if "n_ratings" in scores:
        count[[*MEANS_OVER_RATINGS]] *= scores[["n_ratings"]].fillna(0).to_numpy()
    return value.fillna(0), count


def rank_users(score: Score, part: Part) -> pd.DataFrame:
    """The `RANKING_METRICS` of the ten best movies of each user with a relevant held-out rating, by user.

    All movies that the user has not rated in `seen` are ranked. No candidates are sampled: Krichene & Rendle
    2020, "On Sampled Metrics for Item Recommendation".

    recall: hits / min(length of the list, number of relevant movies), as Liang et al. 2018, "Variational
    Autoencoders for Collaborative Filtering", section 4.2. popularity: the median number of training ratings.
    corrected NDCG: a relevant movie with n training ratings has the gain (n + 1)^-½, so that a less known one
    counts more: well-known movies are held out more often than people would like them, as more people come to
    rate them. Steck 2011, "Item popularity and recommendation accuracy", with β = ½.
    """
    relevant = part.held_out[part.held_out.rating >= RELEVANT].sorted_by_user()
    seen, users = part.seen.sorted_by_user(), relevant.user.unique()
    users = users[:: max(1, -(-len(users) // MAX_USERS))].contiguous()
    found, weight = [torch.zeros(0, len(RANKING_METRICS))], (part.n_ratings + 1.0).rsqrt()
    for block in tqdm(users.split(BLOCK) if len(users) else (), "rank", unit=f"{BLOCK} users", delay=2):
        is_relevant, is_seen = (rating_rows(ratings, block) > 0 for ratings in (relevant, seen))
        movie = score(block).masked_fill(is_seen, -torch.inf).topk(min(10, seen.n_movies), dim=1).indices
        recall = is_relevant.gather(1, movie).sum(dim=1) / is_relevant.sum(dim=1).clamp(max=movie.shape[1])
        gains = ndcg(is_relevant.double(), movie), ndcg(is_relevant * weight, movie)
        popularity = part.n_ratings[movie].double().median(dim=1).values
        found.append(torch.stack([gains[0], recall.double(), gains[1], popularity], dim=1))
    return pd.DataFrame(torch.cat(found).numpy(), users.numpy(), RANKING_METRICS)


def ndcg(
    gain: Float[Tensor, "users n_movies"], movie: Int[Tensor, "users length"]
) -> Float[Tensor, " users"]:
    """Normalized discounted cumulative gain of lists of movies, the best first, with discount log₂(rank + 1).

    It is divided by that of the best list of this length. Järvelin & Kekäläinen 2002, "Cumulated gain-based
    evaluation".
    """
    discount = 1 / torch.arange(2, movie.shape[1] + 2, dtype=torch.float64).log2()
    best = gain.topk(movie.shape[1], dim=1).values
    return (gain.gather(1, movie) * discount).sum(dim=1) / (best * discount).sum(dim=1)


def rating_rows(ratings: Ratings, users: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
    """The ratings of these users, 0 where there is none; `ratings` are sorted by user, `users` ascend."""
    start, stop = torch.searchsorted(ratings.user, users[0]), torch.searchsorted(ratings.user, users[-1] + 1)
    block = ratings[start:stop]
    block = block[torch.isin(block.user, users)]
    rows = torch.zeros(len(users), ratings.n_movies)
    rows[torch.searchsorted(users, block.user), block.movie] = block.rating
    return rows
