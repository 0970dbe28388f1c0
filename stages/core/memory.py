"""The machine's memory."""

from pathlib import Path

import psutil

from stages.core.cli import UserError

GIB = 2**30
LIMIT, USED = (Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory.current"))
"""Memory of a container, in bytes, if there is one."""


def available_memory() -> int:
    """Bytes that can be allocated without swapping."""
    free = int(psutil.virtual_memory().available)
    try:
        return min(free, int(LIMIT.read_text()) - int(USED.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free


def require_memory(needed: float, what: str, fix: str) -> None:
    """Raise UserError if `what` would take more bytes than are free."""
    free = available_memory()
    if needed > free:
        sizes = f"about {needed / GIB:.1f} GiB of memory, and {free / GIB:.1f} GiB are free"
        raise UserError(f"{what} would take {sizes}; {fix}")
