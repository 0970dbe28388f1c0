"""The normal equations of all users, or of all movies, at once.

A user's Gram matrix Σ w y yᵀ is a weighted sum of what is the same for everybody: the products of each
movie's vector with itself. So their lower triangle is computed once a movie, and summed over each user's
ratings as a bag of embeddings is: a few passes over the ratings, sorted by user.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

from stages.movielens.ratings import Ratings

AT_ONCE = 48
"""Products that are summed in one pass: so few of all partners stay in the processor's cache."""


class Side(NamedTuple):
    """The ratings sorted by one side: by user, with movies as partners, or the other way round."""

    start: Int[Tensor, " n_rows"]
    """Where the ratings of each row begin."""
    partner: Int[Tensor, " n_ratings"]
    """The partner of each rating, in that order."""
    rating: Int[Tensor, " n_ratings"]
    """Which rating it is."""


def of_both_sides(ratings: Ratings, device: torch.device) -> tuple[Side, Side]:
    """The ratings by user, and by movie."""
    by_user = arrange(ratings.user, ratings.movie, ratings.n_users)
    by_movie = arrange(ratings.movie, ratings.user, ratings.n_movies)
    users, movies = (Side(*(part.to(device) for part in side)) for side in (by_user, by_movie))
    return users, movies


def arrange(row: Int[Tensor, " n_ratings"], partner: Int[Tensor, " n_ratings"], n_rows: int) -> Side:
    """Sort ratings by row; a row without a rating begins where the next one does."""
    count = torch.bincount(row, minlength=n_rows)
    order = torch.argsort(row, stable=True)
    return Side(count.cumsum(0) - count, partner[order], order)


def normal_equations(
    side: Side,
    partner: Float[Tensor, "n_partners entries"],
    target: Float[Tensor, " n_ratings"],
    weight: Float[Tensor, " n_ratings"] | None = None,
) -> tuple[Float[Tensor, "n_rows entries entries"], Float[Tensor, "n_rows entries"]]:
    """For each row, Σ w y yᵀ and Σ w y t over its ratings, with y the partner's vector and t the target."""
    entries = partner.shape[1]
    first, second = torch.tril_indices(entries, entries, device=partner.device)
    place = first.new_empty(entries, entries)
    place[first, second] = place[second, first] = torch.arange(len(first), device=partner.device)
    weights = torch.ones_like(target) if weight is None else weight[side.rating]
    columns = zip(first.split(AT_ONCE), second.split(AT_ONCE), strict=True)
    sums = [_sum(side, partner[:, one] * partner[:, other], weights) for one, other in columns]
    triangle = torch.cat(sums, dim=1)
    gramian = triangle.index_select(1, place.flatten()).unflatten(1, (entries, entries))
    return gramian, _sum(side, partner, weights * target[side.rating])


def _sum(
    side: Side, value: Float[Tensor, "n_partners width"], weight: Float[Tensor, " n_ratings"]
) -> Float[Tensor, "n_rows width"]:
    """Σ w v over the ratings of each row, with v the partner's value."""
    return embedding_bag(side.partner, value, side.start, mode="sum", per_sample_weights=weight)
