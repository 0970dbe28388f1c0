"""Reads and writes files: outputs appear whole or not at all, with the same bytes each time."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from stages.core.cli import UserError

Metrics = Mapping[str, object]  # names to numbers, or to further names

T = TypeVar("T")


def load(path: Path, read: Callable[[Path], T], stage: str) -> T:
    """`read(path)`; if the file is missing or invalid, a UserError with the command that recreates it."""
    fix = f"recreate it with: dvc repro -f {stage}"
    try:
        return read(path)
    except (UserError, MemoryError):
        raise
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; create it with: dvc repro") from None
    except (IsADirectoryError, PermissionError) as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; {fix}") from error
    except Exception as error:  # of many types: torch, numpy, zipfile, pandas, type checks
        summary = " ".join(str(error).split())[:300] or type(error).__name__
        raise UserError(f"{path} is damaged or from another version ({summary}); {fix}") from error


def check_index(name: str, index: Any, n: int) -> None:
    """Raise ValueError unless all indices are from 0 to `n` - 1."""
    if len(index) and not 0 <= index.min() <= index.max() < n:
        raise ValueError(f"{name} ranges from {index.min()} to {index.max()}, expected 0 to {n - 1}")


def write_bytes(path: Path, content: bytes) -> None:
    """Write another file, `.NAME.part`, then rename it: readers see the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with `\\n` line ends on every platform."""
    write_bytes(path, text.encode())


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table without its index; missing values are empty cells."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def write_metrics(path: Path, metrics: Metrics) -> None:
    """Write JSON with floats rounded to 6 digits; raises ValueError if a number is not finite."""
    exact = json.dumps(metrics, allow_nan=False)
    rounded = json.loads(exact, parse_float=lambda number: round(float(number), 6))
    write_text(path, json.dumps(rounded, indent=2) + "\n")
