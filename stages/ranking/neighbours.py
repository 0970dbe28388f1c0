"""Item k-nearest-neighbours: stars on top of biases, and a ranking from who rated what.

    r̂(u, i) = b(u, i) + Σ_j s(i, j) (r(u, j) - b(u, j)) / Σ_j s(i, j)

over the K movies j rated by u with the largest positive similarity s to i: the correlation of both movies'
residuals r - b over the n users that rated both, times (n - 1) / (n - 1 + shrinkage). Koren 2010, "Factor in
the Neighbors", section 2.2; the same as Surprise's KNNBaseline with pearson_baseline. The ranking of a
movie adds up the cosines of who rated it and who rated each of its nearest movies that the user has rated.
"""

from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm import tqdm

from stages.factorization.fold_in import fold_in_users
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, concatenate, views
from stages.ranking.metrics import BLOCK, Score, rating_rows
from stages.ranking.score import DISLIKED, Ranker, score_users

K = 40
SHRINKAGE = 100
NEAREST = 50  # neighbours of a movie by which it is ranked: chosen, as all constants here, by validation
SIMILAR, PAIRS = 10, 500  # movies similar to a disliked one, and disliked ones, that are tried
AT_ONCE = 50  # of these ratings: bounds memory
MAX_CELLS = 2 * 10**8  # cells of the largest matrix that is held in memory
Similarities = Float[Tensor, "n_movies n_movies"]


def fits_in_memory(train: Ratings) -> bool:
    """Whether similarities and predictions have at most `MAX_CELLS` cells."""
    return max(train.n_movies, train.n_users) * train.n_movies <= MAX_CELLS


def predict_all(train: Ratings, biases: Model) -> Float[Tensor, "n_users n_movies"]:
    """Predicted stars of every movie for every user: the biases alone where a movie has no neighbour."""
    movies = torch.nonzero(torch.bincount(train.movie, minlength=train.n_movies) > 1).flatten()
    residual, rated = torch.zeros(2, train.n_users, train.n_movies)
    residual[train.user, train.movie] = train.rating - biases.predict(train)
    rated[train.user, train.movie] = 1
    residual, rated = residual[:, movies], rated[:, movies]
    predicted = biases.score(torch.arange(train.n_users))
    blocks = torch.arange(len(movies)).split(BLOCK)
    for block in tqdm(blocks, desc="neighbours", unit=f"{BLOCK} movies", delay=2):
        similarity = similarities(residual, rated, block).clamp_(min=0)
        total, weight = residual @ similarity.T, rated @ similarity.T
        has_more = rated @ (similarity.T > 0).float() > K  # elsewhere, all neighbours are among the K nearest
        for user in has_more.any(dim=1).nonzero().flatten().tolist():
            own, affected = rated[user].nonzero().flatten(), has_more[user].nonzero().flatten()
            nearest = similarity.index_select(0, affected).index_select(1, own).topk(K, sorted=False)
            total[user, affected] = (nearest.values * residual[user, own][nearest.indices]).sum(dim=1)
            weight[user, affected] = nearest.values.sum(dim=1)
        predicted[:, movies[block]] += total / weight.clamp(min=1e-9)
    return predicted


def similarities(
    residual: Float[Tensor, "n_users movies"],
    rated: Float[Tensor, "n_users movies"],
    block: Int[Tensor, " block"],
) -> Float[Tensor, "block movies"]:
    """Shrunken correlations of residuals, of a block of movies with all, over the users that rated both."""
    of_block, is_rated = residual[:, block].T, rated[:, block].T
    shrinkage = (is_rated @ rated - 1).clamp_(min=0)
    shrinkage /= shrinkage + SHRINKAGE
    scale = (of_block.square() @ rated).mul_(is_rated @ residual.square()).sqrt_().clamp_(min=1e-9)
    return (of_block @ residual).div_(scale).mul_(shrinkage)


def item_similarities(train: Ratings) -> Similarities:
    """The cosine of who rated the movies of a row and a column, for the `NEAREST` of each row; sparse.

    Deshpande & Karypis 2004, "Item-based top-N recommendation algorithms", section 4.1.
    """
    rated = torch.zeros(train.n_users, train.n_movies)
    rated[train.user, train.movie] = 1
    rated /= rated.sum(dim=0).clamp(min=1).sqrt()
    index, value = [], []
    for block in torch.arange(train.n_movies).split(BLOCK):
        cosine = rated[:, block].T.to_sparse() @ rated
        cosine[torch.arange(len(block)), block] = 0
        nearest = cosine.topk(min(NEAREST, train.n_movies), dim=1)
        index.append(torch.stack([block[:, None].expand_as(nearest.indices), nearest.indices]).flatten(1))
        value.append(nearest.values.flatten())
    size = train.n_movies, train.n_movies
    entries = torch.cat(index, dim=1), torch.cat(value)
    return torch.sparse_coo_tensor(*entries, size, check_invariants=True).coalesce()


def rank_by_items(ratings: Ratings, similarity: Similarities) -> Score:
    """Scores each movie by the sum of its similarities to the movies that a user has rated."""
    by_user = views(ratings)
    return lambda user: (similarity @ rating_rows(by_user, user).T).T


def dislike_respected(
    model: Model, ranker: Ranker, similarity: Similarities, given: Ratings, held_out: Ratings
) -> float | None:
    """How often the `SIMILAR` movies most similar to a disliked one rank lower on average by that rating.

    At most `PAIRS` ratings of `held_out` are added, one by one, to those given by its user; None without one.
    """
    disliked = held_out[held_out.rating <= DISLIKED][:PAIRS]
    n_pairs = len(disliked)
    if not n_pairs:
        return None
    pair, row = torch.nonzero(disliked.user[:, None] == given.user, as_tuple=True)
    without = replace(given[row], user=pair, n_users=n_pairs)
    with_dislike = concatenate(without, replace(disliked, user=torch.arange(n_pairs), n_users=n_pairs))
    with_dislike, lower = with_dislike.sorted_by_user(), []
    folded = ((fold_in_users(model, each, known=False), each) for each in (without, with_dislike))
    fits = [score_users(vectors, ranker, ratings) for vectors, ratings in folded]
    for block in torch.arange(n_pairs).split(AT_ONCE):
        rated = rating_rows(with_dislike, block) > 0
        likeness = similarity.index_select(0, disliked.movie[block]).to_dense().masked_fill(rated, -1)
        similar = likeness.topk(min(SIMILAR, given.n_movies)).indices
        scores = [score(block).masked_fill(rated, -torch.inf) for score in fits]
        rank = [(each[:, None] > each.gather(1, similar)[..., None]).sum(dim=(1, 2)) for each in scores]
        lower.append(rank[1] > rank[0])
    return torch.cat(lower).double().mean().item()
