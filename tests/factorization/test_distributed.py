"""Two processes fit what one fits, whether started by the parameter or by torchrun."""

import subprocess
import sys
from pathlib import Path

import torch

from stages import train as stage
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings
from tests.conftest import write_training_inputs
from tests.repository import ROOT

INPUTS = {"train": "train.pt", "validation": "validation.pt", "side_information": "side.pt"}
OUTPUTS = {"model": "model.pt", "history": "history.csv", "metrics": "train.json"}


def train(directory: Path, *starter: str) -> subprocess.CompletedProcess[str]:
    paths = {**INPUTS, **OUTPUTS, "params": "params.yaml"}
    options = [word for name, path in paths.items() for word in (f"--{name}", str(directory / path))]
    command = [sys.executable, *starter, "-m", "stages.train", *options]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=120)


def outputs(directory: Path) -> dict[str, bytes]:
    return {name: (directory / path).read_bytes() for name, path in OUTPUTS.items()}


def train_here(directory: Path) -> dict[str, bytes]:
    """What one process, this one, writes."""
    stage.main(*(directory / path for path in (*INPUTS.values(), *OUTPUTS.values(), "params.yaml")))
    return outputs(directory)


def test_two_processes_fit_the_same_model_as_one(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    write_training_inputs(tmp_path, small_parts, solver="als", epochs=4, processes=1)
    alone, one = train_here(tmp_path), Model.load(tmp_path / "model.pt").normal()
    write_training_inputs(tmp_path, small_parts, solver="als", epochs=4, processes=2)
    done = train(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("fitted in") == 1
    two = Model.load(tmp_path / "model.pt")
    torch.testing.assert_close(two.user_factors, one.user_factors, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(two.movie_biases, one.movie_biases, atol=1e-5, rtol=1e-4)
    assert outputs(tmp_path)["history"] == alone["history"]


def test_torchrun_starts_them_as_well(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    write_training_inputs(tmp_path, small_parts, solver="als", epochs=2, biases=False)
    alone = train_here(tmp_path)
    done = train(tmp_path, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path)["history"] == alone["history"]


def test_other_solvers_are_one_process(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    write_training_inputs(tmp_path, small_parts, solver="gibbs", processes=2)
    done = train(tmp_path)
    assert done.returncode == 1
    expected = (
        "solver is 'gibbs', which runs in one process, and processes is 2; choose processes 1, or solver als"
    )
    assert done.stderr == f"train: {expected}\n"


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
