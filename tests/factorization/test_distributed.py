"""Two processes fit the same model as one, started by the parameter or by torchrun."""

import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from stages.factorization.distributed import process_group, rank_and_size
from stages.factorization.model import Model
from tests.conftest import Parts, write_training_inputs
from tests.factorization.test_solvers import gpu
from tests.repository import ROOT
from tests.test_train import run, train_command

TORCHRUN = "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"


def run_command(directory: Path, *starter: str) -> subprocess.CompletedProcess[str]:
    command = train_command(directory, *starter)
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=120)


@pytest.mark.parametrize(
    ("starter", "biases", "device"),
    [((), True, "cpu"), (TORCHRUN, False, "cpu"), pytest.param((), True, "cuda", marks=gpu)],
)
def test_two_processes_fit_the_same_model_as_one(
    tmp_path: Path, small_parts: Parts, starter: tuple[str, ...], biases: bool, device: str
) -> None:
    options: dict[str, Any] = {"solver": "als", "epochs": 4, "biases": biases}
    run(tmp_path, small_parts, **options)
    one, history = torch.load(tmp_path / "model.pt"), pd.read_csv(tmp_path / "history.csv")
    options |= {"latent_factors": 3, "processes": 1 if starter else 2, "device": device}
    write_training_inputs(tmp_path, small_parts, **options)
    done = run_command(tmp_path, *starter)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("fitted in") == 1
    two = Model.load(tmp_path / "model.pt")
    for name, expected in one.items():
        torch.testing.assert_close(getattr(two, name), expected, atol=1e-5, rtol=1e-4)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "history.csv"), history, atol=1e-5)


def test_other_launchers_need_no_local_world_size(monkeypatch: pytest.MonkeyPatch) -> None:
    for pair in ("RANK=0", "WORLD_SIZE=1", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=0"):
        monkeypatch.setenv(*pair.split("="))
    with process_group(torch.device("cpu")):
        assert rank_and_size() == (0, 1)


def test_an_error_in_a_process_is_one_message_and_keeps_outputs(tmp_path: Path, small_parts: Parts) -> None:
    write_training_inputs(tmp_path, small_parts, solver="als", processes=2, regularization=0)
    (tmp_path / "model.pt").write_text("before")
    done = run_command(tmp_path)
    assert done.returncode == 1
    assert "bias_regularization" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "model.pt").read_text() == "before"
