"""What would not fit into memory is refused at the door, and a run that dies loses nothing."""

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from stages import train
from stages.core.cli import UserError
from stages.core.compute import require_memory
from stages.movielens import layouts
from stages.movielens.ratings import Ratings
from stages.train import FitParameters, estimate
from tests.conftest import make_problem, make_ratings, write_training_inputs
from tests.repository import DEFAULTS, ROOT

INPUTS = ("train.pt", "validation.pt", "side.pt")
OUTPUTS = ("model.pt", "history.csv", "train.json")
OPTIONS = ("train", "validation", "side_information", "model", "history", "metrics", "params")


def start(directory: Path, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Run the training stage in a directory where every output is there already."""
    for name in OUTPUTS:
        (directory / name).write_text("before")
    paths = zip(OPTIONS, (*INPUTS, *OUTPUTS, "params.yaml"), strict=True)
    options = [word for name, path in paths for word in (f"--{name}", str(directory / path))]
    command = [sys.executable, "-m", "stages.train", *options]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, preexec_fn=limit)


def assert_nothing_is_lost(directory: Path) -> None:
    assert [(directory / name).read_text() for name in OUTPUTS] == ["before"] * 3
    assert not list(directory.glob(".*.part"))


def test_what_fits_is_let_in_and_what_does_not_is_refused_with_the_estimate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 3 * memory.GIB)
    require_memory(2.9 * memory.GIB, "reading", "choose less")
    refusal = r"^reading would take about 3\.5 GiB of memory, and 3\.0 GiB are free; choose less$"
    with pytest.raises(UserError, match=refusal):
        require_memory(3.5 * memory.GIB, "reading", "choose less")


def test_a_container_has_what_its_limit_leaves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "max").write_text("1000\n")
    (tmp_path / "used").write_text("400\n")
    monkeypatch.setattr(memory, "USED", tmp_path / "used")
    monkeypatch.setattr(memory, "LIMIT", tmp_path / "max")
    assert memory.available() == 600
    (tmp_path / "max").write_text("max\n")
    assert memory.available() == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_ratings_too_many_for_memory_are_refused_before_they_are_read(
    monkeypatch: pytest.MonkeyPatch, small_zip: Path
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 10_000)
    with pytest.raises(UserError, match=r"^reading small/ratings\.csv would take about 0\.0 GiB"):
        layouts.read(small_zip)


def test_a_model_too_large_for_memory_is_refused_before_it_is_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    write_training_inputs(tmp_path, small_parts, latent_factors=1024)
    monkeypatch.setattr(memory, "available", lambda: 10_000)
    paths = (tmp_path / name for name in (*INPUTS, *OUTPUTS, "params.yaml"))
    with pytest.raises(UserError, match=r"^training by gibbs would take about \d\.\d GiB"):
        train.main(*paths)


def test_the_estimate_grows_with_all_that_takes_memory() -> None:
    small, large = (make_problem(make_ratings([(0, 0, 3.0)] * count, 10, 10)) for count in (100, 200))
    base = FitParameters.parse(DEFAULTS)
    assert estimate(large, base) > estimate(small, base)
    for change in ({"latent_factors": 16}, {"epochs": 256}, {"burn_in": 0}):
        assert estimate(small, FitParameters.parse({**DEFAULTS, **change})) > estimate(small, base)
    assert estimate(small, FitParameters.parse({**DEFAULTS, "solver": "als"})) < estimate(small, base)


def test_running_out_of_memory_ends_with_one_message_and_loses_nothing(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    write_training_inputs(tmp_path, small_parts, solver="als", latent_factors=1024, epochs=1)

    def little_memory() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (700 * 2**20, 700 * 2**20))

    process = start(tmp_path, little_memory)
    message = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "train: out of memory; no output was written" in message
    assert "Traceback" not in message
    assert_nothing_is_lost(tmp_path)


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_killed_loses_nothing(
    tmp_path: Path, small_parts: dict[str, Ratings], deadly: signal.Signals
) -> None:
    write_training_inputs(tmp_path, small_parts, epochs=100_000)
    process = start(tmp_path)
    assert process.stderr
    began = process.stderr.read(6)
    process.send_signal(deadly)
    try:
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert "train" in began  # the progress bar: it was in the middle of it
    assert process.returncode in {-deadly, 128 + deadly}
    assert_nothing_is_lost(tmp_path)
