"""Metrics of predictions and rankings, the same for the model and for every baseline."""

from collections.abc import Callable
from statistics import NormalDist

import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from tqdm import tqdm

from stages.factorization.solver import rmse
from stages.movielens.ratings import Ratings

RELEVANT = 4.0  # stars from which a movie counts as liked
RANKING_METRICS = "ndcg_at_10", "recall_at_10"
BLOCK = 512  # users ranked at once: bounds memory to a few times `BLOCK` × n_movies numbers
MAX_USERS = 20_000  # users for whom movies are ranked: of more, every second, or third, …, is taken

Score = Callable[[Int[Tensor, " users"]], Float[Tensor, "users n_movies"]]
"""Scores every movie for each of the users: movies with higher scores are ranked first."""


def accuracy(
    prediction: Float[Tensor, " n_ratings"], rating: Float[Tensor, " n_ratings"]
) -> dict[str, float]:
    """RMSE and mean absolute error, in stars; empty without ratings."""
    if not len(rating):
        return {}
    return {"rmse": rmse(prediction, rating), "mae": (prediction - rating).double().abs().mean().item()}


def interval_coverage(standardized_error: Float[Tensor, " n_ratings"]) -> dict[str, float]:
    """Share of errors inside the central 50, 80 and 95 % intervals of the standard normal distribution."""
    bounds = {percent: NormalDist().inv_cdf(0.5 + percent / 200) for percent in (50, 80, 95)}
    distance = standardized_error.abs()
    return {f"{percent}": (distance <= bound).double().mean().item() for percent, bound in bounds.items()}


def ranking_table(name: str, score: Score, seen: Ratings, test: Ratings) -> pd.DataFrame:
    """Ranking metrics by user with a relevant test rating, in columns such as "ease ndcg_at_10"."""
    by_user = top_movies(score, seen, test)[1]
    return pd.DataFrame({f"{name} {metric}": by_user.get(metric, []) for metric in RANKING_METRICS})


def top_movies(
    score: Score, seen: Ratings, test: Ratings
) -> tuple[Int[Tensor, "users length"], dict[str, Float[Tensor, " users"]]]:
    """The best 10 movies, the best first, and NDCG@10 and Recall@10 of each user with a relevant test rating.

    All movies that the user has not rated in `seen` are ranked. No candidates are sampled: Krichene & Rendle
    2020, "On Sampled Metrics for Item Recommendation".
    """
    relevant, seen = test[test.rating >= RELEVANT].sorted_by_user(), seen.sorted_by_user()
    users = relevant.user.unique()
    users = users[:: max(1, -(-len(users) // MAX_USERS))].contiguous()
    movie = torch.zeros(len(users), min(10, test.n_movies), dtype=torch.int64)
    hit, n_relevant = torch.zeros_like(movie, dtype=torch.bool), torch.zeros_like(users)
    for start in tqdm(range(0, len(users), BLOCK), desc="rank", unit=f"{BLOCK} users", delay=2):
        rows = slice(start, start + BLOCK)
        is_relevant, is_seen = (rating_rows(ratings, users[rows]) > 0 for ratings in (relevant, seen))
        scores = score(users[rows]).masked_fill(is_seen, -torch.inf)
        movie[rows] = scores.topk(movie.shape[1], dim=1).indices
        hit[rows] = is_relevant.gather(1, movie[rows])
        n_relevant[rows] = is_relevant.sum(dim=1)
    if not len(users):
        return movie, {}
    return movie, dict(zip(RANKING_METRICS, (ndcg(hit, n_relevant), recall(hit, n_relevant)), strict=True))


def popularity_metrics(movie: Int[Tensor, "users length"], train: Ratings) -> dict[str, float]:
    """Share of all movies that are recommended at all; median number of their training ratings."""
    if not len(movie):
        return {}
    count = torch.bincount(train.movie, minlength=train.n_movies)
    return {
        "catalogue_coverage": len(movie.unique()) / train.n_movies,
        "median_popularity": count[movie.flatten()].double().quantile(0.5).item(),
    }


def ndcg(hit: Bool[Tensor, "users length"], n_relevant: Int[Tensor, " users"]) -> Float[Tensor, " users"]:
    """Normalized discounted cumulative gain with gain 1 for a relevant movie and discount log₂(rank + 1).

    `hit[user, rank - 1]` says whether the movie at that rank is relevant. The best list possible has
    min(length, n_relevant) hits at its top. Järvelin & Kekäläinen 2002, "Cumulated gain-based evaluation".
    """
    length = hit.shape[1]
    discount = 1 / torch.arange(2, length + 2, dtype=torch.float64).log2()
    best = discount.cumsum(0)[n_relevant.clamp(max=length) - 1]
    return (hit * discount).sum(dim=1) / best


def recall(hit: Bool[Tensor, "users length"], n_relevant: Int[Tensor, " users"]) -> Float[Tensor, " users"]:
    """Share of the relevant movies that are in the list: hits / min(length, n_relevant).

    Liang et al. 2018, "Variational Autoencoders for Collaborative Filtering", section 4.2.
    """
    return hit.sum(dim=1) / n_relevant.clamp(max=hit.shape[1]).double()


def rating_rows(ratings: Ratings, users: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
    """The ratings of these users, 0 where there is none; `ratings` are sorted by user, `users` ascend."""
    start, stop = torch.searchsorted(ratings.user, users[0]), torch.searchsorted(ratings.user, users[-1] + 1)
    block = ratings[start:stop]
    block = block[torch.isin(block.user, users)]
    rows = torch.zeros(len(users), ratings.n_movies)
    rows[torch.searchsorted(users, block.user), block.movie] = block.rating
    return rows
