"""The normal equations of every row are sums over its ratings."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.factorization.grouped_ratings import divide, group, unpack
from stages.movielens.ratings import Ratings
from tests.conftest import make_ratings


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.just(3.0)), max_size=30),
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(1, 11),
)
def test_they_are_sums_over_the_ratings_of_each_row(
    rows: list[tuple[int, int, float]], entries: int, tile: int, products: int
) -> None:
    ratings, generator = make_ratings(rows, n_users=6, n_movies=5), torch.Generator().manual_seed(len(rows))
    y = torch.randn(5, entries, generator=generator)
    target, weight = torch.randn(len(rows), generator=generator), torch.rand(len(rows), generator=generator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stages.factorization.grouped_ratings.TILE", tile)
        patch.setattr("stages.factorization.grouped_ratings.PRODUCTS", products)
        by_user = group(ratings, "user")
        triangle, moment = by_user.normal_equations(y, target[by_user.rating], weight[by_user.rating])
    gramian = unpack(triangle, entries)
    assert torch.equal(gramian, gramian.mT)
    for user in range(6):
        own = ratings.user == user
        vectors, weighted = y[ratings.movie[own]], weight[own, None] * y[ratings.movie[own]]
        torch.testing.assert_close(gramian[user], weighted.T @ vectors, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(moment[user], weighted.T @ target[own], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("parts", [1, 3, 70])
def test_parts_of_the_users_have_every_rating_once_and_similar_sizes(train: Ratings, parts: int) -> None:
    """Also if there are more parts than users, so that some are empty."""
    grouped = [group(train, "user", part, parts) for part in range(parts)]
    assert [user for part in grouped for user in part.rows] == list(range(train.n_users))
    rating = torch.cat([part.rating for part in grouped])
    assert torch.equal(rating.sort().values, torch.arange(len(train)))
    assert torch.equal(torch.cat([part.partner for part in grouped]), train.movie[rating])
    y, ones = torch.randn(train.n_movies, 3), torch.ones(len(train))
    sums = torch.cat([part.weighted_sums(y, ones[part.rating]) for part in grouped])
    torch.testing.assert_close(sums, group(train, "user").weighted_sums(y, ones))
    n_ratings = torch.arange(3_000)
    sizes = [n_ratings[part.start : part.stop].sum().item() for part in divide(n_ratings, 3)]
    assert max(sizes) < 1.5 * min(sizes)
