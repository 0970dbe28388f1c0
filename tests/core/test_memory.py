"""The memory that there is; the stages have tests of what would not fit."""

from pathlib import Path

import psutil
import pytest

from stages.core import memory
from tests.conftest import Patch


def test_a_container_has_the_memory_that_its_limit_leaves(monkeypatch: Patch, tmp_path: Path) -> None:
    (tmp_path / "max").write_text("1000\n")
    (tmp_path / "used").write_text("400\n")
    monkeypatch.setattr(memory, "USED", tmp_path / "used")
    monkeypatch.setattr(memory, "LIMIT", tmp_path / "max")
    assert memory.available_memory() == 600
    (tmp_path / "max").write_text("max\n")
    assert memory.available_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)
