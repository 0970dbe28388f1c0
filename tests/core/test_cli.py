"""A stage ends with one clear message when something is wrong."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from stages.core import cli
from stages.core.cli import UserError
from tests.conftest import Capture, Patch
from tests.repository import ROOT


def fail(error: BaseException) -> None:
    raise error


MESSAGES: dict[str, Callable[[], object]] = {
    "there is nothing at /a": lambda: fail(UserError("there is nothing at /a")),
    "[Errno 28] No space left on device": lambda: fail(OSError(28, "No space left on device")),
    "�[2J���": lambda: fail(UserError("\x1b[2J\x9b\u202e\udcff")),
    "9" * 1000: lambda: fail(UserError("9" * 10_000)),
    "out of memory; no output was written": lambda: np.empty(2**55),
    "out of memory; no output was written (": lambda: torch.empty(2**55),
}


@pytest.mark.parametrize(("message", "action"), MESSAGES.items())
def test_an_error_that_the_user_can_fix_is_one_message(action: Callable[[], object], message: str) -> None:
    with pytest.raises(SystemExit) as stop, cli.report_errors("train"):
        action()
    assert str(stop.value.code).startswith(f"train: {message}")  # SystemExit with a message has status 1
    assert len(str(stop.value.code)) < 2100


def test_an_interrupt_has_status_130_and_any_other_error_keeps_its_traceback(monkeypatch: Patch) -> None:
    monkeypatch.setattr("os._exit", sys.exit)
    with pytest.raises(SystemExit, match=r"^130$"), cli.report_errors("train"):
        fail(KeyboardInterrupt())
    with pytest.raises(RuntimeError, match="tensor"), cli.report_errors("train"):
        torch.ones(2) @ torch.ones(3)


WORKS = """
import threading, torch
from stages.core.cli import report_errors
def work():
    while True:
        torch.ones(500, 500) @ torch.ones(500, 500)
with report_errors("train"):
    for _ in range(2):
        threading.Thread(target=work, daemon=True).start()
    print("ready", file=__import__("sys").stderr, flush=True)
    while True:
        threading.Event().wait(0.1)
"""


IMPORTS = ["-X", "importtime", "-m", "stages.cluster"]
INTERRUPTED = "train: interrupted; no output was written\n"
MOMENTS = {
    "while importing": (IMPORTS, "pandas._libs", -signal.SIGINT, ""),
    "while threads compute": (["-c", WORKS], "ready", 130, INTERRUPTED),
}


@pytest.mark.parametrize(("arguments", "moment", "status", "message"), MOMENTS.values(), ids=MOMENTS)
def test_ctrl_c_leaves_no_traceback(arguments: list[str], moment: str, status: int, message: str) -> None:
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert any(moment in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        left = [line for line in process.stderr if not line.startswith("import time:")]
    assert (process.returncode, "".join(left)) == (status, message)


def stage(source: Path, target: Path = Path("default")) -> None:
    """Do something with SOURCE."""
    print(source, target)


def test_options_are_the_arguments_of_main(monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.setattr("sys.argv", ["stages/stage.py", "--source", "a b"])
    cli.run(stage)
    assert capsys.readouterr().out == "a b default\n"
    monkeypatch.setattr("sys.argv", ["stages/stage.py", "--help"])
    with pytest.raises(SystemExit):
        cli.run(stage)
    output = capsys.readouterr().out
    for part in ("Do something with SOURCE.", "--target", "default: default"):
        assert part in output
    monkeypatch.setattr("sys.argv", ["stages/stage.py", "--source", "a", "\x1b[2J" + "x" * 10_000])
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.run(stage)
    output = capsys.readouterr().err
    assert "unrecognized arguments: �[2Jxxx" in output
    assert len(output) < 2500
