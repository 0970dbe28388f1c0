"""Files of named tensors: the same bytes for the same tensors, and nothing in a file is executed."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from stages.command import UserError


def serialize(content: Mapping[str, Any]) -> bytes:
    """The bytes of a file that `load` reads; a view of a tensor is saved without its base."""
    buffer = io.BytesIO()
    torch.save(
        {name: value.cpu().clone() if torch.is_tensor(value) else value for name, value in content.items()},
        buffer,
    )
    return buffer.getvalue()


def load(path: Path, names: set[str], made_by: str) -> dict[str, Any]:
    """The tensors and numbers of a file, by name.

    Raises UserError that says which command makes the file anew when it is missing, damaged or another's.
    """
    remedy = f"make it anew with: dvc repro -f {made_by}"
    try:
        content = torch.load(path, weights_only=True, mmap=True)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; make it with: dvc repro") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise UserError(f"{path} is damaged, or no file of tensors; {remedy}") from error
    if not isinstance(content, dict) or set(content) != names:
        raise UserError(f"{path} should hold {', '.join(sorted(names))} and nothing else; {remedy}")
    return content
