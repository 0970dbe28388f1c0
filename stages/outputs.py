"""Writes what a stage leaves behind: whole or not at all, and the same bytes each time."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import psutil

DIGITS = 6  # to which metrics are rounded

Metrics = Mapping[str, object]  # names to numbers, or to further names


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename: a reader sees the old file or the new one, never half.

    What a process that was killed left beside it goes, too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob(f".{path.name}.*.part"):
        writer = other.name.split(".")[-2]
        if writer.isdecimal() and not psutil.pid_exists(int(writer)):
            other.unlink(missing_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with `\\n` line ends on every platform."""
    write_bytes(path, text.encode())


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table without its index; missing values are empty cells."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def write_metrics(path: Path, metrics: Metrics, *, synthetic: bool = False) -> None:
    """Write JSON with floats rounded to 6 digits, marked where the ratings were generated.

    Raises ValueError on a number that is not finite: what cannot be measured is left out.
    """
    marked = {"synthetic": True, **metrics} if synthetic else metrics
    write_text(path, json.dumps(_rounded(marked), indent=2, allow_nan=False) + "\n")


def _rounded(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, float) and math.isfinite(value):
        return round(value, DIGITS)
    return value
