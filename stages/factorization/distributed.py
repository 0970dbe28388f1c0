"""Several processes that fit one model, on one machine or on more: ranks, as PyTorch calls them.

Every rank holds all factors, solves for its own users and its own movies, and sends these to all others.
`launch` starts ranks on this machine; torchrun starts them on several. Either way the environment tells each
its number (RANK, LOCAL_RANK), how many there are (WORLD_SIZE) and where to meet (MASTER_ADDR, MASTER_PORT).
"""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor
from torch.multiprocessing.spawn import ProcessExitedException, spawn

from stages.core import cli
from stages.factorization.normal_equations import Share


class ProcessGroup(NamedTuple):
    """Which of them this process is."""

    rank: int
    size: int

    @classmethod
    def current(cls) -> "ProcessGroup":
        """Which this process is among those that have joined; the only one if none have."""
        return cls(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else cls(0, 1)

    def gather(
        self, own: Float[Tensor, "n_own entries"], shares: list[Share]
    ) -> Float[Tensor, "n_rows entries"]:
        """All rows, from the share (first row, one after the last) that each rank has."""
        if self.size == 1:
            return own
        whole = own.new_empty(shares[-1][1], own.shape[1])
        whole[slice(*shares[self.rank])] = own
        for rank, (first, last) in enumerate(shares):
            if first < last:
                dist.broadcast(whole[first:last], src=rank)
        return whole

    def total(self, value: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """The sum over all ranks."""
        if self.size > 1:
            dist.all_reduce(value)
        return value


def launched() -> bool:
    """Whether this process was started as one of several."""
    return {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()


def leads() -> bool:
    """Whether this process speaks, and writes, for all."""
    return not launched() or os.environ["RANK"] == "0"


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Meet the other ranks, by NCCL on GPUs of NVIDIA's and gloo elsewhere; alone, there is none to meet."""
    if not launched():
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def launch(stage: str, main: Callable[..., None], arguments: tuple[Any, ...], processes: int) -> None:
    """Run the `main` of a stage as several ranks on this machine, sharing its cores; ends if one fails."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threads = max(1, torch.get_num_threads() // processes)
    try:
        spawn(_start, (stage, main, arguments, processes, port, threads), nprocs=processes)
    except ProcessExitedException as failure:
        raise SystemExit(failure.exit_code) from None


def _start(
    rank: int,
    stage: str,
    main: Callable[..., None],
    arguments: tuple[Any, ...],
    size: int,
    port: int,
    threads: int,
) -> None:
    here = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "WORLD_SIZE": size,
        "RANK": rank,
        "LOCAL_RANK": rank,
    }
    os.environ.update({name: str(value) for name, value in here.items()})
    torch.set_num_threads(threads)
    with cli.report_errors(stage):
        main(*arguments)
