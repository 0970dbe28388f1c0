"""Intervals are as wide as theory says, and see pairs."""

import pytest
import torch

from stages.ranking import bootstrap


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    value = torch.randn(2_000, generator=generator(), dtype=torch.float64)
    found = bootstrap.of_mean(value, generator())
    half = 1.96 * value.std().item() / 2_000**0.5
    assert found["low"] == pytest.approx(value.mean().item() - half, abs=0.1 * half)
    assert found["high"] == pytest.approx(value.mean().item() + half, abs=0.1 * half)


def test_users_are_drawn_and_not_ratings() -> None:
    """With the same errors, ratings that come 100 to a user say less than those of 100 users."""
    of_user = torch.rand(20, generator=generator())
    clustered = of_user.repeat_interleave(100)
    together = bootstrap.of_rmse(clustered, torch.arange(20).repeat_interleave(100), generator())
    apart = bootstrap.of_rmse(clustered, torch.arange(2_000), generator())
    assert together["high"] - together["low"] > 5 * (apart["high"] - apart["low"])


def test_a_paired_difference_is_surer_than_either_error() -> None:
    error = torch.rand(500, generator=generator())
    user = torch.arange(500)
    single = bootstrap.of_rmse(error, user, generator())
    difference = bootstrap.of_rmse_difference(error, error + 0.01, user, generator())
    assert difference["high"] < 0
    assert difference["high"] - difference["low"] < 0.1 * (single["high"] - single["low"])


def test_resamples_in_chunks_cover_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    value = torch.randn(300, generator=generator(), dtype=torch.float64)
    whole = bootstrap.of_mean(value, generator())
    monkeypatch.setattr(intervals, "CELLS", 1_000)
    assert bootstrap.of_mean(value, generator()) == pytest.approx(whole, abs=0.02)


@pytest.mark.parametrize(("cells", "expected"), [(1_000, [3] * 333 + [1]), (10, [1] * 1_000)])
def test_a_thousand_resamples_are_drawn_as_many_at_once_as_fit(
    cells: int, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intervals, "CELLS", cells)
    sizes = []

    def count(total: torch.Tensor) -> torch.Tensor:
        sizes.append(len(total))
        return total[:, 0]

    bootstrap.bootstrap(torch.ones(300, 1), count, generator())
    assert sizes == expected


def test_a_single_user_has_an_interval_of_no_width() -> None:
    found = bootstrap.of_rmse(torch.tensor([1.0, 3.0]), torch.tensor([5, 5]), generator())
    assert found["low"] == found["high"] == pytest.approx(2**0.5)


def test_coverage_counts_what_is_inside_by_the_table_of_the_normal_distribution() -> None:
    deviations = torch.tensor([0.67, -0.68, 1.28, -1.29, 1.95, -1.97])  # the table: 0.674, 1.282, 1.960
    mean, deviation = torch.full((6,), 3.0), torch.full((6,), 2.0)
    found = bootstrap.coverage(mean + deviation * deviations, mean, deviation)
    assert found == pytest.approx({"50": 1 / 6, "80": 3 / 6, "95": 5 / 6})
