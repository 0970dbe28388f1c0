"""Refuses at the door what would not fit into memory, with the estimate."""

from pathlib import Path

import psutil

from stages.command import UserError

GIB = 2**30
LIMIT, USED = (Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory.current"))
"""Of a container, in bytes, where there is one."""


def available() -> int:
    """Bytes that can be had without swapping."""
    free = int(psutil.virtual_memory().available)
    try:
        return min(free, int(LIMIT.read_text()) - int(USED.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free


def require(needed: float, what: str, remedy: str) -> None:
    """Raises UserError that names `what` and the `remedy` when so many bytes are not to be had."""
    free = available()
    if needed > free:
        sizes = f"about {needed / GIB:.1f} GiB of memory, and {free / GIB:.1f} GiB are free"
        raise UserError(f"{what} would take {sizes}; {remedy}")
