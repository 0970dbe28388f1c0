"""The normal equations of every row are the sums over its ratings, and of none are zero."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stages.factorization.normal_equations import arrange, divide, normal_equations, of_both_sides, unpack
from stages.movielens.ratings import Ratings


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=30),
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(1, 11),
)
def test_they_are_the_sums_over_the_ratings_of_each_row(
    pairs: list[tuple[int, int]], entries: int, tile: int, products: int
) -> None:
    """However few partners and products are summed in a pass."""
    generator = torch.Generator().manual_seed(len(pairs))
    row = torch.tensor([pair[0] for pair in pairs], dtype=torch.int64)
    column = torch.tensor([pair[1] for pair in pairs], dtype=torch.int64)
    partner = torch.randn(5, entries, generator=generator)
    target, weight = torch.randn(len(pairs), generator=generator), torch.rand(len(pairs), generator=generator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stages.factorization.normal_equations.TILE", tile)
        patch.setattr("stages.factorization.normal_equations.PRODUCTS", products)
        check(row, column, partner, target, weight)


def check(row: Tensor, column: Tensor, partner: Tensor, target: Tensor, weight: Tensor) -> None:
    side, entries = arrange(row, column, (0, 6), n_partners=5), partner.shape[1]
    for weights in (None, weight):
        ordered = None if weights is None else weights[side.rating]
        triangle, moment = normal_equations(side, partner, target[side.rating], ordered)
        gramian = unpack(triangle, entries)
        used = torch.ones(len(row)) if weights is None else weights
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


def test_parts_of_the_rows_give_what_all_rows_give(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    partner = torch.randn(train.n_movies, 3, generator=torch.Generator().manual_seed(0))
    whole, _ = of_both_sides(train, torch.device("cpu"))
    expected = normal_equations(whole, partner, train.rating[whole.rating])
    shares = divide(torch.bincount(train.user), 3)
    assert [first for first, _ in shares[1:]] == [last for _, last in shares[:-1]]
    found = []
    for share in shares:
        part = arrange(train.user, train.movie, share, train.n_movies)
        found.append(normal_equations(part, partner, train.rating[part.rating]))
    for one, parts in zip(expected, zip(*found, strict=True), strict=True):
        torch.testing.assert_close(torch.cat(parts), one)


def test_a_part_may_have_no_row(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    nobody = arrange(train.user, train.movie, (5, 5), train.n_movies)
    triangle, moment = normal_equations(nobody, torch.ones(train.n_movies, 2), torch.zeros(0))
    assert triangle.shape == (0, 3)
    assert moment.shape == (0, 2)
