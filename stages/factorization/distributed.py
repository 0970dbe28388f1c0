"""Several processes that fit one model, on one machine or on several, with torch.distributed.

Every process holds all factors, solves for its own users and movies, and exchanges them with the others.
`launch` starts processes on this machine; torchrun starts them on several. Both set the environment variables
RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, which torch.distributed reads, LOCAL_RANK and LOCAL_WORLD_SIZE.
"""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor
from torch.multiprocessing.spawn import ProcessExitedException, spawn

from stages.core import cli


def launched() -> bool:
    """Whether this process was started as one of several."""
    return {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()


def is_main() -> bool:
    """Whether this process prints and writes: the only one, or the one of rank 0."""
    return not launched() or os.environ["RANK"] == "0"


@contextlib.contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Connect to the other processes, if there are any: by NCCL if each has its own GPU, else by gloo."""
    if not launched():
        yield
        return
    n_gpus = torch.cuda.device_count() if device.type == "cuda" else 0
    if n_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % n_gpus)
    dist.init_process_group("nccl" if n_gpus >= int(os.environ.get("LOCAL_WORLD_SIZE", "1")) else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def rank_and_size() -> tuple[int, int]:
    """Number of this process, from 0, and how many processes are connected."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def total(value: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The sum of the values of all processes."""
    if dist.is_initialized():
        dist.all_reduce(value)
    return value


def gather(own: Float[Tensor, "n_own entries"], rows: range, n_rows: int) -> Float[Tensor, "n_rows entries"]:
    """The rows of all processes, of which `own` are the `rows` of this one."""
    table = own.new_zeros(n_rows, own.shape[1])
    table[rows.start : rows.stop] = own
    return total(table)


def launch(stage: str, main: Callable[..., None], arguments: tuple[Any, ...], processes: int) -> None:
    """Run `main` of a stage in several processes that share this machine's cores; exits if one fails."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        spawn(_start, (stage, main, arguments, processes, port), nprocs=processes)
    except ProcessExitedException as failure:
        raise SystemExit(failure.exit_code) from None


def _start(
    rank: int, stage: str, main: Callable[..., None], arguments: tuple[Any, ...], size: int, port: int
) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE=str(size))
    os.environ.update(LOCAL_RANK=str(rank), LOCAL_WORLD_SIZE=str(size))
    torch.set_num_threads(max(1, torch.get_num_threads() // size))
    with cli.report_errors(stage):
        main(*arguments)
