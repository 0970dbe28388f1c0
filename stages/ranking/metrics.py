"""Metrics of predictions and rankings, the same for the model and for every baseline.

Each is a mean over ratings or over users, so all are computed from one table with a row for each user.
"""

from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from tqdm import tqdm

from stages.movielens.ratings import Ratings, concatenate

MODEL = "model"  # its name among the methods
RELEVANT = 4.0  # stars from which a movie counts as liked
LEVELS = 50, 80, 95  # percentages of ratings that predicted intervals should contain
BLOCK = 512  # users ranked at once: bounds memory to a few times `BLOCK` × n_movies numbers
MAX_USERS = 20_000  # users for whom movies are ranked: of more, every second, or third, …, is taken

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


MEANS_OVER_RATINGS = {"rmse": "squared_error", "mae": "absolute_error"}
MEANS_OVER_RATINGS |= {f"coverage_{level}": f"inside_{level}" for level in LEVELS}
"""Metrics and the columns with their sums over the `n_ratings` of each user; RMSE is the root of its mean."""


def means(scores: pd.DataFrame) -> dict[str, float]:
    """The metrics that are defined, of one method in one part, from the table by `measure`."""
    value, count = sums(scores)
    total = (value.sum() / count.sum()).dropna()
    return {str(name): mean**0.5 if name == "rmse" else mean for name, mean in total.items()}


def sums(scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each row's contribution to the metrics, and the number of ratings or users that it stands for."""
    over_ratings = {name: scores.get(column) for name, column in MEANS_OVER_RATINGS.items()}
    over_users = {name: scores.get(name) for name in RANKING_METRICS}
    value = pd.DataFrame({**over_ratings, **over_users}, index=scores.index, dtype=float)
    count = value.notna().astype(float)
    if "n_ratings" in scores:
        count[[*over_ratings]] = count[[*over_ratings]].mul(scores["n_ratings"].fillna(0), axis="index")
    return value.fillna(0), count


def rank_users(score: Score, part: Part) -> pd.DataFrame:
    """The `RANKING_METRICS` of each user with a relevant held-out rating, by user.

    All movies that the user has not rated in `seen` are ranked. No candidates are sampled: Krichene & Rendle
    2020, "On Sampled Metrics for Item Recommendation".
    """
    relevant = part.held_out[part.held_out.rating >= RELEVANT].sorted_by_user()
    seen, users = part.seen.sorted_by_user(), relevant.user.unique()
    users = users[:: max(1, -(-len(users) // MAX_USERS))].contiguous()
    movie = torch.zeros(len(users), min(10, seen.n_movies), dtype=torch.int64)
    hit, n_relevant = torch.zeros_like(movie, dtype=torch.bool), torch.zeros_like(users)
    best, weight = torch.zeros(movie.shape), (part.n_ratings + 1.0).rsqrt()
    for start in tqdm(range(0, len(users), BLOCK), desc="rank", unit=f"{BLOCK} users", delay=2):
        rows = slice(start, start + BLOCK)
        is_relevant, is_seen = (rating_rows(ratings, users[rows]) > 0 for ratings in (relevant, seen))
        scores = score(users[rows]).masked_fill(is_seen, -torch.inf)
        movie[rows] = scores.topk(movie.shape[1], dim=1).indices
        hit[rows] = is_relevant.gather(1, movie[rows])
        n_relevant[rows] = is_relevant.sum(dim=1)
        best[rows] = (is_relevant * weight).topk(movie.shape[1], dim=1).values
    lists = Lists(hit, n_relevant, part.n_ratings[movie], weight[movie], best)
    found = {name: metric(lists).double().numpy() for name, metric in RANKING_METRICS.items()}
    return pd.DataFrame(found, index=users.numpy())


class Lists(NamedTuple):
    """The ten best movies of each user, the best first."""

    hit: Bool[Tensor, "users length"]  # whether a movie is relevant
    n_relevant: Int[Tensor, " users"]  # relevant movies of the user, at least 1
    n_ratings: Int[Tensor, "users length"]  # of the movies in training
    weight: Float[Tensor, "users length"]  # of the movies in the corrected NDCG
    best: Float[Tensor, "users length"]  # the largest weights of relevant movies, in descending order


def ndcg(lists: Lists) -> Float[Tensor, " users"]:
    """Normalized discounted cumulative gain with gain 1 for a relevant movie and discount log₂(rank + 1).

    The best list possible has min(length, n_relevant) hits at its top. Järvelin & Kekäläinen 2002, "Cumulated
    gain-based evaluation".
    """
    length = lists.hit.shape[1]
    discount = 1 / torch.arange(2, length + 2, dtype=torch.float64).log2()
    best = discount.cumsum(0)[lists.n_relevant.clamp(max=length) - 1]
    return (lists.hit * discount).sum(dim=1) / best


def corrected_ndcg(lists: Lists) -> Float[Tensor, " users"]:
    """NDCG with gain (number of training ratings + 1)^-½ for a relevant movie: a less known one counts more.

    Well-known movies are among the held-out ratings more often than people would like them, as more people
    come to rate them. Steck 2011, "Item popularity and recommendation accuracy", with β = ½.
    """
    discount = 1 / torch.arange(2, lists.hit.shape[1] + 2, dtype=torch.float64).log2()
    return (lists.hit * lists.weight * discount).sum(dim=1) / (lists.best * discount).sum(dim=1)


def recall(lists: Lists) -> Float[Tensor, " users"]:
    """Share of the relevant movies that are in the list: hits / min(length, n_relevant).

    Liang et al. 2018, "Variational Autoencoders for Collaborative Filtering", section 4.2.
    """
    return lists.hit.sum(dim=1) / lists.n_relevant.clamp(max=lists.hit.shape[1]).double()


def popularity(lists: Lists) -> Float[Tensor, " users"]:
    """Median number of training ratings of the movies in the list."""
    return lists.n_ratings.double().median(dim=1).values


RANKING_METRICS: dict[str, Callable[[Lists], Tensor]] = {
    "ndcg_at_10": ndcg,
    "recall_at_10": recall,
    "corrected_ndcg_at_10": corrected_ndcg,
    "popularity": popularity,
}
"""Metrics of lists, by name: in every table, and the first two also in the metrics of DVC."""


def rating_rows(ratings: Ratings, users: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
    """The ratings of these users, 0 where there is none; `ratings` are sorted by user, `users` ascend."""
    start, stop = torch.searchsorted(ratings.user, users[0]), torch.searchsorted(ratings.user, users[-1] + 1)
    block = ratings[start:stop]
    block = block[torch.isin(block.user, users)]
    rows = torch.zeros(len(users), ratings.n_movies)
    rows[torch.searchsorted(users, block.user), block.movie] = block.rating
    return rows
