"""A device is chosen that is there."""

import pytest
import torch

from stages.core import compute as device
from stages.core.cli import UserError


def test_auto_takes_the_first_that_is_present(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "present", lambda: ["cuda", "cpu"])
    assert device.choose("auto") == torch.device("cuda")


def test_the_cpu_is_always_there() -> None:
    assert device.choose("cpu") == torch.device("cpu")
    assert device.present()[-1] == "cpu"


def test_an_absent_device_is_refused_with_those_present(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "present", lambda: ["mps", "cpu"])
    with pytest.raises(UserError, match="device is 'cuda', but this machine has only: mps, cpu"):
        device.choose("cuda")
