"""Files of named tensors: the same bytes for the same tensors, and nothing in a file is executed."""

import io
import pickle
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from stages.command import UserError
from stages.kinds import problems

Further = Callable[[dict[str, Any]], Iterator[str]]
DAMAGED = (
    *(OSError, EOFError, pickle.UnpicklingError, struct.error),
    *(ValueError, LookupError, TypeError, AttributeError, RuntimeError),
)
"""What torch.load raises on files that are not, or not only, what torch.save writes."""


def serialize(content: Mapping[str, Any]) -> bytes:
    """The bytes of a file that `load` reads; a view of a tensor is saved without its base."""
    buffer = io.BytesIO()
    torch.save(
        {name: value.cpu().clone() if torch.is_tensor(value) else value for name, value in content.items()},
        buffer,
    )
    return buffer.getvalue()


def nothing_else(content: Mapping[str, Any]) -> Iterator[str]:
    """No rules beside the kinds of the values."""
    yield from ()


def load(
    path: Path, kinds: Mapping[str, Any], made_by: str, further: Further = nothing_else
) -> dict[str, Any]:
    """The tensors and numbers of a file, by name, each of its kind; `further` says what else is wrong.

    Raises UserError that says which command makes the file anew when it is missing, damaged or another's.
    """
    remedy = f"make it anew with: dvc repro -f {made_by}"
    try:
        content = torch.load(path, weights_only=True, mmap=True)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; make it with: dvc repro") from None
    except (IsADirectoryError, PermissionError) as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; {remedy}") from error
    except DAMAGED as error:
        raise UserError(f"{path} is damaged, or no file of tensors; {remedy}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} is no file of tensors, but of a {type(content).__name__}; {remedy}")
    if problem := next(problems(content, kinds), None) or next(further(content), None):
        raise UserError(f"{path}: {problem}; {remedy}")
    return content
