"""Stages use the devices and cores that there are."""

import threading
from typing import Any, Literal

import pytest
import torch

from stages.core import compute
from stages.core.cli import UserError
from stages.core.compute import LARGE, TINY, choose_device, run_parallel, threads_for
from stages.factorization import als
from tests.conftest import hyperparameters, make_problem, make_ratings

Preference = Literal["threads", "processes"]


@pytest.mark.parametrize(("gpu", "auto"), [("cuda", "cuda"), ("mps", "cpu")])
def test_only_available_devices_are_chosen(monkeypatch: pytest.MonkeyPatch, gpu: Any, auto: str) -> None:
    monkeypatch.setattr(compute, "available_devices", lambda: [gpu, "cpu"])
    assert [choose_device(name).type for name in ("auto", "cpu", gpu)] == [auto, "cpu", gpu]
    with pytest.raises(UserError, match=rf"'xpu'.* {gpu}, cpu"):
        choose_device("xpu")


def fail(number: int) -> int:
    raise UserError(f"{number} is wrong")


def test_fits_on_a_gpu_run_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that first use CUDA at the same time can fail."""
    monkeypatch.setattr(compute, "available_devices", lambda: ["cuda", "cpu"])
    threads = run_parallel(threading.get_ident, [(), ()], TINY, device="auto")
    assert set(threads) == {threading.get_ident()}


@pytest.mark.parametrize("n_ratings", [0, TINY, LARGE + 1])
def test_a_failure_in_parallel_is_raised_as_it_is(n_ratings: int) -> None:
    with pytest.raises(UserError, match=r"^1 is wrong$"):
        run_parallel(fail, [(1,)], n_ratings)
    assert run_parallel(fail, [], n_ratings) == []


def fit(seed: int) -> tuple[bytes, int]:
    """A small model, and the number of threads that it had."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(5, (40, 3), generator=generator).tolist()
    rows = [(user, movie, float(stars)) for user, movie, stars in drawn]
    problem = make_problem(make_ratings(rows, 5, 5), seed=seed)
    return als.fit(problem, hyperparameters(epochs=3)).model.serialize(), torch.get_num_threads()


@pytest.mark.parametrize("prefer", ["threads", "processes"])
def test_parallel_fits_come_in_order_with_the_same_bytes_each_from_one_thread(prefer: Preference) -> None:
    sequential = run_parallel(fit, [(1,), (2,)], TINY - 1)
    assert run_parallel(fit, [(1,), (2,)], TINY, prefer) == sequential
    assert sequential[0] != sequential[1]
    assert {threads for _, threads in sequential} == {1}


@pytest.mark.parametrize(("n_ratings", "one"), [(10, True), (LARGE, True), (LARGE + 1, False)])
def test_a_small_fit_has_one_thread_and_a_large_one_all(n_ratings: int, one: bool) -> None:
    before = torch.get_num_threads()
    with threads_for(n_ratings):
        assert torch.get_num_threads() == (1 if one else before)
    assert torch.get_num_threads() == before
