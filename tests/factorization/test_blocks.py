"""Blocks hold every rating once, and their sums are those of a plain loop."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.factorization import blocks
from stages.factorization.blocks import arrange, normal_equations


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
def test_every_row_and_every_rating_is_in_exactly_one_block(rows: list[int]) -> None:
    row, column = torch.tensor(rows), torch.arange(len(rows))
    arranged = arrange(row, column, n_rows=8, n_columns=len(rows))
    assert torch.cat([block.row for block in arranged]).sort().values.tolist() == list(range(8))
    real = torch.cat([block.rating.flatten() for block in arranged])
    assert real[real < len(rows)].sort().values.tolist() == list(range(len(rows)))
    for block in arranged:
        padding = block.rating == len(rows)
        assert (block.column[padding] == len(rows)).all()
        assert (row[block.rating.clamp(max=len(rows) - 1)] == block.row[:, None])[~padding].all()


def test_padding_is_bounded_and_so_is_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "CELLS", 200)
    count = torch.arange(1, 101)
    row = torch.repeat_interleave(torch.arange(100), count)
    arranged = arrange(row, torch.zeros_like(row), n_rows=100, n_columns=1)
    for block in arranged:
        filled = int((block.rating < len(row)).sum())
        assert block.rating.numel() <= max(200, block.rating.shape[1])
        assert block.rating.numel() <= blocks.SLACK * filled + len(block.row)


@pytest.mark.parametrize("weighted", [False, True])
def test_normal_equations_are_those_of_a_plain_loop(weighted: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    row = torch.randint(9, (200,), generator=generator).clamp(max=7)  # row 8 has no rating
    column = torch.randint(12, (200,), generator=generator)
    partner = torch.randn(12, 3, generator=generator)
    target, weight = torch.randn(200, generator=generator), torch.rand(200, generator=generator)
    found = normal_equations(arrange(row, column, 9, 12), partner, target, weight if weighted else None)
    for index in range(9):
        mine = row == index
        y, w = partner[column[mine]], weight[mine] if weighted else torch.ones(int(mine.sum()))
        torch.testing.assert_close(found[0][index], (y.T * w) @ y)
        torch.testing.assert_close(found[1][index], (y.T * w) @ target[mine])
