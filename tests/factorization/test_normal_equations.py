"""The normal equations of every row are the sums over its ratings, and of none are zero."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.factorization.normal_equations import arrange, normal_equations, of_both_sides, unpack
from stages.movielens.ratings import Ratings


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=30), st.integers(1, 4))
def test_they_are_the_sums_over_the_ratings_of_each_row(pairs: list[tuple[int, int]], entries: int) -> None:
    generator = torch.Generator().manual_seed(len(pairs))
    row = torch.tensor([pair[0] for pair in pairs], dtype=torch.int64)
    column = torch.tensor([pair[1] for pair in pairs], dtype=torch.int64)
    partner = torch.randn(5, entries, generator=generator)
    target, weight = torch.randn(len(pairs), generator=generator), torch.rand(len(pairs), generator=generator)
    side = arrange(row, column, (0, 6), n_partners=5)
    for weights in (None, weight):
        ordered = None if weights is None else weights[side.rating]
        triangle, moment = normal_equations(side, partner, target[side.rating], ordered)
        gramian = unpack(triangle, entries)
        used = torch.ones(len(pairs)) if weights is None else weights
        for number in range(6):
            own = row == number
            vectors = partner[column[own]]
            expected = (vectors * used[own, None]).T @ vectors
            torch.testing.assert_close(gramian[number], expected, atol=1e-5, rtol=1e-5)
            expected_moment = vectors.T @ (used[own] * target[own])
            torch.testing.assert_close(moment[number], expected_moment, atol=1e-5, rtol=1e-5)


def test_both_sides_hold_every_rating_once(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    for side, partner in zip(
        of_both_sides(train, torch.device("cpu")), (train.movie, train.user), strict=True
    ):
        assert torch.equal(side.rating.sort().values, torch.arange(len(train)))
        assert torch.equal(side.partner, partner[side.rating])
        assert (side.start.diff() >= 0).all()


@pytest.mark.parametrize("entries", [1, 3, 9])
def test_a_gram_matrix_is_symmetric(small_parts: dict[str, Ratings], entries: int) -> None:
    train = small_parts["train"]
    by_user, _ = of_both_sides(train, torch.device("cpu"))
    partner = torch.randn(train.n_movies, entries, generator=torch.Generator().manual_seed(0))
    triangle, _ = normal_equations(by_user, partner, train.rating[by_user.rating])
    gramian = unpack(triangle, entries)
    assert torch.equal(gramian, gramian.mT)
