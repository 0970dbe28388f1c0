"""Reads and writes files: outputs appear whole or not at all, with the same bytes each time."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from beartype import BeartypeConf, beartype
from jaxtyping import jaxtyped

from stages.core.cli import UserError

if TYPE_CHECKING:
    import pandas as pd

TYPE_ERROR = re.compile(
    r"parameter '(\w+)'\. Actual value: (.{1,60}).*? Expected type: (?:<class ')?(.*?)(?:'>)?\. -"
)
"""The part of jaxtyping's message that says which field is wrong."""
Metrics = Mapping[str, object]
"""Names to numbers, or to further names."""

T = TypeVar("T")
_beartype = beartype(conf=BeartypeConf(is_pep484_tower=True))


def typed(dataclass: type[T]) -> type[T]:
    """Check fields against their annotations; axes of one name must have one length."""
    checked: type[T] = jaxtyped(typechecker=_beartype)(dataclass)
    return checked


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
        problem = " ".join(str(error).split())
        if match := TYPE_ERROR.search(problem):
            problem = "{} is {}, expected {}".format(*match.groups())
        summary = problem[:300] or type(error).__name__
        raise UserError(f"{path} is damaged or from another version ({summary}); {fix}") from error


def check_index(name: str, index: Any, n: int) -> None:
    """Raise ValueError unless all indices are from 0 to `n` - 1."""
    if len(index) and not 0 <= index.min() <= index.max() < n:
        raise ValueError(f"{name} ranges from {index.min()} to {index.max()}, expected 0 to {n - 1}")


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename, so that readers see the old file or the new one.

    What an interrupted write leaves, `.NAME.part`, is replaced by the next one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with `\\n` line ends on every platform."""
    write_bytes(path, text.encode())


def write_csv(path: Path, table: "pd.DataFrame") -> None:
    """Write a table without its index; missing values are empty cells."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def write_metrics(path: Path, metrics: Metrics) -> None:
    """Write JSON with floats rounded to 6 digits.

    Raises ValueError on a number that is not finite: a metric that cannot be measured is left out.
    """
    exact = json.dumps(metrics, allow_nan=False)
    rounded = json.loads(exact, parse_float=lambda number: round(float(number), 6))
    write_text(path, json.dumps(rounded, indent=2) + "\n")
