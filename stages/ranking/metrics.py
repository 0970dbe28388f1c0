"""How good predictions and rankings are: the measures, the same for the model and for every baseline."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from tqdm import tqdm

from stages.factorization.solver import rmse
from stages.movielens.ratings import Ratings

RELEVANT = 4.0
"""Stars from which a held-out movie counts as one that the user wanted to see."""
LENGTH = 10
"""Movies in a list of recommendations."""
BAR_AFTER = 2
"""Seconds of ranking without a progress bar."""
BLOCK = 512
"""Users ranked at once: bounds memory to a few times `BLOCK` × n_movies numbers."""

Score = Callable[[Int[Tensor, " users"]], Float[Tensor, "users n_movies"]]
"""Gives each of the users a number for every movie: the higher, the earlier in the list."""


def mae(prediction: Float[Tensor, " n_ratings"], rating: Float[Tensor, " n_ratings"]) -> float:
    """Mean absolute error, in stars."""
    return (prediction - rating).double().abs().mean().item()


def accuracy(
    prediction: Float[Tensor, " n_ratings"], rating: Float[Tensor, " n_ratings"]
) -> dict[str, float]:
    """RMSE and MAE; nothing where there are no ratings to predict."""
    return {"rmse": rmse(prediction, rating), "mae": mae(prediction, rating)} if len(rating) else {}


class Lists(NamedTuple):
    """What is recommended to each user with a relevant test rating."""

    movie: Int[Tensor, "users length"]
    """The best unseen movies, the best first."""
    hit: Bool[Tensor, "users length"]
    """Whether the user turned out to like them."""
    n_relevant: Int[Tensor, " users"]
    """How many there were to be found."""

    def quality(self) -> dict[str, Float[Tensor, " users"]]:
        """NDCG@10 and Recall@10 of each user; nothing without such a user."""
        if not len(self.hit):
            return {}
        return {
            "ndcg_at_10": ndcg(self.hit, self.n_relevant),
            "recall_at_10": recall(self.hit, self.n_relevant),
        }

    def reach(self, train: Ratings) -> dict[str, float]:
        """catalogue_coverage: the share of all movies that are recommended to anybody.

        median_popularity: the training ratings of the movie in the middle of all that is recommended.
        """
        if not len(self.movie):
            return {}
        count = torch.bincount(train.movie, minlength=train.n_movies)
        return {
            "catalogue_coverage": len(self.movie.unique()) / train.n_movies,
            "median_popularity": count[self.movie.flatten()].double().quantile(0.5).item(),
        }


def ranking(score: Score, seen: Ratings, test: Ratings) -> dict[str, float]:
    """Mean NDCG@10 and Recall@10 over the users with a relevant test rating; nothing without such a user."""
    quality = recommend(score, seen, test).quality()
    return {name: value.mean().item() for name, value in quality.items()}


def recommend(score: Score, seen: Ratings, test: Ratings) -> Lists:
    """The list of each user with a relevant test rating (4 stars and more).

    Every movie that a user has not rated in `seen` is a candidate (none are sampled: Krichene & Rendle 2020,
    "On Sampled Metrics for Item Recommendation").
    """
    relevant = test[test.rating >= RELEVANT].sorted_by_user()
    seen = seen.sorted_by_user()
    length = min(LENGTH, test.n_movies)
    movie = [torch.zeros(0, length, dtype=torch.int64)]
    hit, n_relevant = [torch.zeros(0, length, dtype=torch.bool)], [torch.zeros(0, dtype=torch.int64)]
    blocks = relevant.user.unique().split(BLOCK) if len(relevant) else ()
    for block in tqdm(blocks, desc="rank", unit=f"{BLOCK} users", delay=BAR_AFTER):
        wanted = mark(relevant, block)
        scores = score(block).masked_fill(mark(seen, block), -torch.inf)
        movie.append(scores.topk(length, dim=1).indices)
        hit.append(wanted.gather(1, movie[-1]))
        n_relevant.append(wanted.sum(dim=1))
    return Lists(torch.cat(movie), torch.cat(hit), torch.cat(n_relevant))


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


def mark(ratings: Ratings, users: Int[Tensor, " users"]) -> Bool[Tensor, "users n_movies"]:
    """Which movies each of the users has rated; `ratings` are sorted by user, `users` ascend."""
    start = int(torch.searchsorted(ratings.user, users[0]))
    stop = int(torch.searchsorted(ratings.user, users[-1], right=True))
    row_of = torch.full((ratings.n_users,), -1)
    row_of[users] = torch.arange(len(users))
    row, movie = row_of[ratings.user[start:stop]], ratings.movie[start:stop]
    mark = torch.zeros(len(users), ratings.n_movies, dtype=torch.bool)
    mark[row[row >= 0], movie[row >= 0]] = True
    return mark
