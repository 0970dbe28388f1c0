"""Picks the device to train on."""

from typing import Literal

import torch

from stages.command import UserError

DeviceName = Literal["auto", "cpu", "cuda", "mps", "xpu"]


def present() -> list[str]:
    """The kinds of device on this machine, the fastest first."""
    accelerators = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "xpu": torch.xpu.is_available(),
    }
    return [name for name, is_present in accelerators.items() if is_present] + ["cpu"]


def choose(name: DeviceName) -> torch.device:
    """The device asked for, or the fastest one; raises UserError when it is not there."""
    devices = present()
    if name == "auto":
        return torch.device(devices[0])
    if name not in devices:
        raise UserError(f"device is {name!r}, but this machine has only: {', '.join(devices)}")
    return torch.device(name)
