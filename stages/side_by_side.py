"""Fits that do not depend on each other, side by side: each on one thread, as many at once as cores.

One small fit keeps little more than one core busy, and on one thread its numbers are the same however many
cores there are. A large fit has all cores, and the memory, to itself.
"""

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import torch
from joblib import Parallel, cpu_count, delayed

TINY, LARGE = 10_000, 500_000
"""Ratings below which nothing is saved, and above which one fit keeps all cores busy."""

T = TypeVar("T")


def side_by_side(
    fit: Callable[..., T],
    calls: Sequence[tuple[Any, ...]],
    n_ratings: int,
    prefer: Literal["threads", "processes"] = "threads",
) -> list[T]:
    """`fit` of each tuple of arguments, in order; the first failure is raised here.

    `n_ratings` says how much work each is. Threads start at once and share the ratings, but wait for each
    other where steps are tiny; processes do not, so that of tiny steps even many are faster side by side.
    The first of several processes shows its progress, which is that of all.
    """
    together = n_ratings >= TINY and (n_ratings <= LARGE or prefer == "processes")
    n_jobs = max(1, min(len(calls), cpu_count())) if together else 1
    with threads_for(0 if together else n_ratings):
        threads = torch.get_num_threads()
        silent = [prefer == "processes" and number > 0 for number in range(len(calls))]
        each = zip(calls, silent, strict=True)
        tasks = (delayed(_fit)(fit, arguments, threads, quietly) for arguments, quietly in each)
        return list(Parallel(n_jobs=n_jobs, prefer=prefer)(tasks))


@contextlib.contextmanager
def threads_for(n_ratings: int) -> Iterator[None]:
    """One thread for a small fit, all that there are for a large one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(threads if n_ratings > LARGE else 1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _fit(fit: Callable[..., T], arguments: tuple[Any, ...], threads: int, quietly: bool) -> T:
    torch.set_num_threads(threads)
    with contextlib.redirect_stderr(io.StringIO()) if quietly else contextlib.nullcontext():
        return fit(*arguments)
