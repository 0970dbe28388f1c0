"""Files of arrays: a dataclass declares names, types and shapes, which are checked when a file is read."""

import io
import pickle
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import torch
from jaxtyping import jaxtyped

from stages.core import files

F = TypeVar("F", bound="TensorFile")


class TensorFile:
    """Base of dataclasses of tensors and numbers that are stored in a file of their own."""

    written_by: ClassVar[str]  # the stage that writes such a file
    may_be_nan: ClassVar[str] = ""  # the field in which a value may be missing

    def validate(self) -> None:
        """Raise ValueError where a loaded file breaks a rule that types and shapes do not express."""

    def serialize(self) -> bytes:
        """The content of a file that `load` reads: the same bytes for the same tensors."""
        content = {  # a tensor without the rest of the tensor that it is a view of
            name: value.cpu().clone() if torch.is_tensor(value) else value
            for name, value in vars(self).items()
        }
        buffer = io.BytesIO()
        torch.save(content, buffer)
        return buffer.getvalue()

    def to(self: F, device: torch.device) -> F:
        """The same on another device."""
        content = vars(self)
        moved = {name: value.to(device) for name, value in content.items() if torch.is_tensor(value)}
        return type(self)(**content | moved)

    @classmethod
    def load(cls: type[F], path: Path) -> F:
        """Read a file; raises UserError when it is missing, damaged, misshapen or not finite."""
        return files.load(path, cls._read, cls.written_by)

    @classmethod
    def _read(cls: type[F], path: Path) -> F:
        content = cls._content(path)
        with jaxtyped("context"):  # in which axes of one name have one length
            for field in fields(cast(Any, cls)):
                value: Any = content.get(field.name)
                expected = cast(type, field.type)
                if not isinstance(value, (int, float) if expected is float else expected):
                    shown = f"{value.dtype}{[*value.shape]}" if hasattr(value, "shape") else f"{value!r:.60}"
                    raise TypeError(f"{field.name} is {shown}, expected {expected.__name__}")
        found = cls(**content)
        for name, value in content.items():
            if name != cls.may_be_nan and not torch.as_tensor(value).isfinite().all():
                raise ValueError(f"{name} has values that are not finite")
        found.validate()
        return found

    @classmethod
    def _content(cls, path: Path) -> dict[str, Any]:
        try:
            content = torch.load(path, weights_only=True, mmap=True)
        except pickle.UnpicklingError:  # its advice would allow the file to run code
            raise ValueError("it contains something other than tensors and numbers") from None
        if not isinstance(content, dict):
            raise ValueError(f"contains a {type(content).__name__}, expected named tensors")
        return content
