"""The machine's device and cores."""

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

import torch
from joblib import Parallel, cpu_count, delayed

from stages.core.cli import UserError

DeviceName = Literal["auto", "cpu", "cuda", "mps", "xpu"]
TINY, LARGE = 10_000, 500_000  # ratings: below, parallel fits save nothing; above, one keeps all cores busy

T = TypeVar("T")


def available_devices() -> list[str]:
    """The kinds of device on this machine, the CPU last."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return [accelerator.type, "cpu"] if accelerator else ["cpu"]


def choose_device(name: DeviceName) -> torch.device:
    """The named device, else UserError; "auto" is CUDA or the CPU, as solvers are untested on others."""
    devices = available_devices()
    if name not in ("auto", *devices):
        raise UserError(f"device is {name!r}, but this machine has only: {', '.join(devices)}")
    return torch.device(name if name != "auto" else "cuda" if "cuda" in devices else "cpu")


def run_parallel(
    fit: Callable[..., T],
    calls: Sequence[tuple[Any, ...]],
    n_ratings: int,
    prefer: Literal["threads", "processes"] = "threads",
    device: DeviceName = "cpu",
) -> list[T]:
    """`fit` of each tuple of arguments, in order; the first failure is raised here.

    Fits to up to `LARGE` ratings run at the same time, each on one thread, so that their results do not
    depend on the number of cores; a larger fit uses all cores and memory, and one fit at a time a GPU.
    Threads share the ratings; processes are faster for fits of many tiny steps, and the first shows progress.
    """
    on_cpu = choose_device(device).type == "cpu"
    parallel = on_cpu and n_ratings >= TINY and (n_ratings <= LARGE or prefer == "processes")
    n_jobs = max(1, min(len(calls), cpu_count())) if parallel else 1
    with threads_for(0 if parallel else n_ratings):
        threads = torch.get_num_threads()
        quietly = [False] + [prefer == "processes"] * len(calls)
        tasks = map(delayed(partial(_fit, fit, threads)), quietly, calls)
        return list(Parallel(n_jobs=n_jobs, prefer=prefer)(tasks))


@contextlib.contextmanager
def threads_for(n_ratings: int) -> Iterator[None]:
    """One thread for a small fit, all available threads for a large one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(threads if n_ratings > LARGE else 1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _fit(fit: Callable[..., T], threads: int, quietly: bool, arguments: tuple[Any, ...]) -> T:
    torch.set_num_threads(threads)
    with contextlib.redirect_stderr(io.StringIO()) if quietly else contextlib.nullcontext():
        return fit(*arguments)
