"""How good predictions and rankings are: the measures, the same for the model and for every baseline."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from stages.movielens.ratings import Ratings

RELEVANT = 4.0
"""Stars from which a held-out movie counts as one that the user wanted to see."""
LENGTH = 10
"""Movies in a list of recommendations."""
BLOCK = 512
"""Users ranked at once: bounds memory to a few times `BLOCK` × n_movies numbers."""

Score = Callable[[Int[Tensor, " users"]], Float[Tensor, "users n_movies"]]
"""Gives each of the users a number for every movie: the higher, the earlier in the list."""


def rmse(prediction: Float[Tensor, " n_ratings"], rating: Float[Tensor, " n_ratings"]) -> float:
    """Root mean squared error, in stars."""
    return (prediction - rating).double().square().mean().sqrt().item()


def mae(prediction: Float[Tensor, " n_ratings"], rating: Float[Tensor, " n_ratings"]) -> float:
    """Mean absolute error, in stars."""
    return (prediction - rating).double().abs().mean().item()


def accuracy(
    prediction: Float[Tensor, " n_ratings"], rating: Float[Tensor, " n_ratings"]
) -> dict[str, float]:
    """RMSE and MAE; nothing where there are no ratings to predict."""
    return {"rmse": rmse(prediction, rating), "mae": mae(prediction, rating)} if len(rating) else {}


def ranking(score: Score, seen: Ratings, test: Ratings) -> dict[str, float]:
    """Mean NDCG@10 and Recall@10 over the users with a relevant test rating; nothing without such a user."""
    by_user = ranking_by_user(score, seen, test)
    return {name: value.mean().item() for name, value in by_user.items()}


def ranking_by_user(score: Score, seen: Ratings, test: Ratings) -> dict[str, Float[Tensor, " users"]]:
    """NDCG@10 and Recall@10 of each user with a relevant test rating; nothing without such a user.

    Every movie that a user has not rated in `seen` is a candidate (none are sampled: Krichene & Rendle 2020,
    "On Sampled Metrics for Item Recommendation"). Relevant are test ratings of 4 stars and more.
    """
    relevant = test[test.rating >= RELEVANT].sorted_by_user()
    users = relevant.user.unique()
    if not len(users):
        return {}
    seen = seen.sorted_by_user()
    hits, n_relevant = [], []
    for block in users.split(BLOCK):
        wanted = _mark(relevant, block)
        scores = score(block).masked_fill(_mark(seen, block), -torch.inf)
        best = scores.topk(min(LENGTH, scores.shape[1]), dim=1).indices
        hits.append(wanted.gather(1, best))
        n_relevant.append(wanted.sum(dim=1))
    hit, count = torch.cat(hits), torch.cat(n_relevant)
    return {"ndcg_at_10": ndcg(hit, count), "recall_at_10": recall(hit, count)}


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


def _mark(ratings: Ratings, users: Int[Tensor, " users"]) -> Bool[Tensor, "users n_movies"]:
    """Which movies each of the users has rated; `ratings` are sorted by user, `users` ascend."""
    start = int(torch.searchsorted(ratings.user, users[0]))
    stop = int(torch.searchsorted(ratings.user, users[-1], right=True))
    row_of = torch.full((ratings.n_users,), -1)
    row_of[users] = torch.arange(len(users))
    row, movie = row_of[ratings.user[start:stop]], ratings.movie[start:stop]
    mark = torch.zeros(len(users), ratings.n_movies, dtype=torch.bool)
    mark[row[row >= 0], movie[row >= 0]] = True
    return mark
