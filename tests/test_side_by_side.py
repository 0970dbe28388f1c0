"""Fits side by side give what they give one after another, and their failures are not lost."""

import os
import threading
import time
from typing import Literal

import pytest
import torch
from joblib import cpu_count

from stages.core.cli import UserError
from stages.core.compute import LARGE, TINY, threads_for
from stages.train import SOLVERS
from tests.conftest import hyperparameters, make_problem, make_ratings


def square(number: int) -> tuple[int, tuple[int, int], int]:
    time.sleep(0.2)
    return number**2, (os.getpid(), threading.get_ident()), torch.get_num_threads()


def refuse(number: int) -> int:
    raise UserError(f"{number} is refused")


@pytest.mark.parametrize("prefer", ["threads", "processes"])
def test_results_come_in_order_each_from_one_thread(prefer: Literal["threads", "processes"]) -> None:
    found = run_parallel(square, [(3,), (1,), (2,)], TINY, prefer)
    assert [result for result, _, _ in found] == [9, 1, 4]
    assert {threads for _, _, threads in found} == {1}


@pytest.mark.skipif(cpu_count() < 2, reason="this machine has one core")
@pytest.mark.parametrize(
    ("n_ratings", "processes", "threads"),
    [(TINY - 1, 1, 1), (TINY, 2, 2), (LARGE, 2, 2), (LARGE + 1, 2, 1)],
)
def test_fits_are_side_by_side_only_where_that_saves_time(
    n_ratings: int, processes: int, threads: int
) -> None:
    found = run_parallel(square, [(1,), (2,)], n_ratings, "processes")
    assert len({process for _, (process, _), _ in found}) == processes
    found = run_parallel(square, [(1,), (2,)], n_ratings, "threads")
    assert len({thread for _, (_, thread), _ in found}) == threads


def test_nothing_to_do_is_done_at_once() -> None:
    assert run_parallel(square, [], TINY) == []


@pytest.mark.parametrize("n_ratings", [0, TINY, LARGE + 1])
def test_a_failure_is_raised_as_it_is(n_ratings: int) -> None:
    with pytest.raises(UserError, match=r"^1 is refused$"):
        run_parallel(refuse, [(1,)], n_ratings)


def fit(seed: int) -> bytes:
    """What training on a few ratings gives, from its own start."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(5, (40, 3), generator=generator).tolist()
    rows = [(user, movie, float(stars)) for user, movie, stars in drawn]
    problem = make_problem(make_ratings(rows, 5, 5), seed=seed)
    return SOLVERS["als"](problem, hyperparameters(epochs=3)).model.serialize()


@pytest.mark.parametrize("prefer", ["threads", "processes"])
def test_a_fit_elsewhere_is_the_same_to_the_bit(prefer: Literal["threads", "processes"]) -> None:
    here = run_parallel(fit, [(1,), (2,)], TINY - 1)
    assert run_parallel(fit, [(1,), (2,)], TINY, prefer) == here
    assert here[0] != here[1]


@pytest.mark.parametrize(("n_ratings", "one"), [(10, True), (LARGE, True), (LARGE + 1, False)])
def test_a_small_fit_has_one_thread_and_a_large_one_all(n_ratings: int, one: bool) -> None:
    before = torch.get_num_threads()
    with threads_for(n_ratings):
        assert torch.get_num_threads() == (1 if one else before)
    assert torch.get_num_threads() == before
