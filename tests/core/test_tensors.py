"""Files of tensors are read back as they were written; anything else is an error."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.core.cli import UserError
from stages.core.files import typed
from stages.core.tensors import TensorFile, named_fields


@typed
@dataclass(frozen=True)
class Example(TensorFile):
    written_by: ClassVar[str] = "example"
    value: Float[Tensor, "n 2"]
    index: Int[Tensor, " n"]
    scale: float

    def validate(self) -> None:
        if self.scale <= 0:
            raise ValueError("scale is not positive")


EXAMPLE = Example(torch.arange(6.0).reshape(3, 2), torch.arange(3), 0.5)
VALUES = named_fields(EXAMPLE)


class Exploit:
    """Code that unpickling would run."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (Path("exploited"),)


def test_a_file_is_read_back_as_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(EXAMPLE.serialize())
    assert Example.load(tmp_path / "a.pt").serialize() == EXAMPLE.serialize()


def test_a_view_is_stored_without_the_rest_of_its_tensor() -> None:
    large = torch.zeros(10_000, 2)
    assert len(replace(EXAMPLE, value=large[:3]).serialize()) < 5_000


INVALID: dict[str, tuple[object, str]] = {
    "no value": ({name: value for name, value in VALUES.items() if name != "index"}, "index"),
    "a list": ({**VALUES, "index": [0, 1, 2]}, "index"),
    "whole numbers": ({**VALUES, "value": torch.zeros(3, 2, dtype=torch.int64)}, "Actual value: i64"),
    "another length": ({**VALUES, "index": torch.arange(2)}, "i64[2]"),
    "NaN": ({**VALUES, "value": torch.full((3, 2), torch.nan)}, "value has values that are not finite"),
    "infinity": ({**VALUES, "value": torch.full((3, 2), -torch.inf)}, "value has values that are not finite"),
    "a broken rule": ({**VALUES, "scale": -1.0}, "scale is not positive"),
    "only a tensor": (torch.ones(3), "Tensor"),
    "code": ({**VALUES, "value": Exploit()}, ""),
}


@pytest.mark.parametrize(("content", "part"), INVALID.values(), ids=INVALID)
def test_a_file_is_an_error_that_contains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object, part: str
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"a\.pt .*dvc repro -f example") as error:
        Example.load(tmp_path / "a.pt")
    assert part in str(error.value)
    assert not (tmp_path / "exploited").exists()
