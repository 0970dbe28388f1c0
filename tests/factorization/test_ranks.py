"""Two processes fit what one fits, whether started by the parameter or by torchrun."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from stages.factorization.model import Model
from stages.movielens.ratings import Ratings
from tests.conftest import write_training_inputs
from tests.stages_of_the_pipeline import ROOT

INPUTS = {"train": "train.pt", "validation": "validation.pt", "side_information": "side.pt"}
OUTPUTS = {"model": "model.pt", "history": "history.csv", "metrics": "train.json"}


def train(directory: Path, *starter: str) -> subprocess.CompletedProcess[str]:
    paths = {**INPUTS, **OUTPUTS, "params": "params.yaml"}
    options = [word for name, path in paths.items() for word in (f"--{name}", str(directory / path))]
    command = [sys.executable, *starter, "-m", "stages.train", *options]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=120)


def outputs(directory: Path) -> dict[str, bytes]:
    return {name: (directory / path).read_bytes() for name, path in OUTPUTS.items()}


@pytest.mark.parametrize("biases", [True, False])
def test_two_processes_fit_the_same_model_as_one(
    tmp_path: Path, small_parts: dict[str, Ratings], biases: bool
) -> None:
    for processes in (1, 2):
        directory = tmp_path / str(processes)
        directory.mkdir()
        changes = {"solver": "als", "epochs": 4, "device": "cpu", "biases": biases, "processes": processes}
        write_training_inputs(directory, small_parts, **changes)
        done = train(directory)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("fitted in") == 1
    one, two = (Model.load(tmp_path / str(processes) / "model.pt") for processes in (1, 2))
    torch.testing.assert_close(two.user_factors, one.user_factors, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(two.movie_biases, one.movie_biases, atol=1e-5, rtol=1e-4)
    assert outputs(tmp_path / "1")["history"] == outputs(tmp_path / "2")["history"]


def test_torchrun_starts_them_as_well(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    write_training_inputs(tmp_path, small_parts, solver="als", epochs=2, device="cpu", processes=2)
    assert train(tmp_path).returncode == 0
    launched = outputs(tmp_path)
    done = train(tmp_path, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=3")
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path)["history"] == launched["history"]


def test_other_solvers_are_one_process(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    write_training_inputs(tmp_path, small_parts, solver="gibbs", processes=2)
    done = train(tmp_path)
    assert done.returncode == 1
    assert done.stderr == "train: solver is 'gibbs', which is one process; for several, choose als\n"


def test_a_failure_in_a_process_is_one_clear_message_and_leaves_what_was_there(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    write_training_inputs(tmp_path, small_parts, solver="als", processes=2, regularization=0)
    for path in OUTPUTS.values():
        (tmp_path / path).write_text("before")
    done = train(tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "als needs regularization and bias_regularization above 0" in done.stderr
    assert set(outputs(tmp_path).values()) == {b"before"}
