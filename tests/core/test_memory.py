"""What would not fit in memory is an error with the estimate."""

from pathlib import Path

import psutil
import pytest

from stages.core import memory
from stages.core.cli import UserError
from stages.core.memory import GIB, require_memory
from tests.conftest import Patch


def test_more_memory_than_there_is_is_an_error_with_the_estimate(monkeypatch: Patch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 3 * GIB)
    require_memory(2.9 * GIB, "reading", "choose less")
    with pytest.raises(UserError, match=r"reading .*3\.5 GiB.*3\.0 GiB.*choose less"):
        require_memory(3.5 * GIB, "reading", "choose less")


def test_a_container_has_the_memory_that_its_limit_leaves(monkeypatch: Patch, tmp_path: Path) -> None:
    (tmp_path / "max").write_text("1000\n")
    (tmp_path / "used").write_text("400\n")
    monkeypatch.setattr(memory, "USED", tmp_path / "used")
    monkeypatch.setattr(memory, "LIMIT", tmp_path / "max")
    assert memory.available_memory() == 600
    (tmp_path / "max").write_text("max\n")
    assert memory.available_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)
