"""A run that is killed, at any moment, loses nothing: the next one completes it to the same bytes."""

import os
import shutil
import signal
import time

import pytest

from tests.pipeline.conftest import DVC, Repository
from tests.repository import STAGES

pytestmark = pytest.mark.long

MOMENTS = [(0.3, signal.SIGKILL), (0.6, signal.SIGINT), (0.9, signal.SIGKILL)]
"""Shares of the time that a stage takes, and the signal; each stage is interrupted at one of them."""
BROKEN_RWLOCK = "Unable to read RWLock-file"
BROKEN_LOCK = "dvc.lock' validation failed", "dvc.lock' is invalid"


def complete(repository: Repository) -> str:
    """Run what is left; if DVC was killed while it wrote its own files, restore them as documented."""
    printed = ""
    for _ in range(3):
        result = repository.run(*DVC, "repro")
        printed += result.output
        if BROKEN_RWLOCK in result.output:
            (repository.path / ".dvc" / "tmp" / "rwlock").unlink()
        elif any(message in result.output for message in BROKEN_LOCK):
            repository.git("checkout", "--quiet", "dvc.lock")
        else:
            break
    assert result.status == 0, result.output
    assert repository.git("status", "--porcelain") == ""
    return printed


@pytest.mark.parametrize("stage", STAGES)
def test_the_next_run_completes_an_interrupted_stage(repository: Repository, stage: str) -> None:
    shutil.rmtree(repository.path / ".dvc" / "cache" / "runs")  # so that the stage has to run again
    before = repository.contents()
    process = repository.start(*DVC, "repro", "--force", "--single-item", stage)
    assert any("Running stage" in line for line in process.stdout or ())  # waits until DVC says so
    share, with_signal = MOMENTS[STAGES.index(stage) % len(MOMENTS)]
    time.sleep(share * repository.durations[stage])
    os.killpg(process.pid, with_signal)
    process.communicate(timeout=60)
    left = repository.contents()
    assert not [name for name in left if name in before and left[name] != before[name]]  # whole or not at all
    complete(repository)
    assert repository.contents() == before


OUTPUTS = ("data/raw/synthetic-5k.zip", "data/prepared/train.pt", "data/points.npy", "metrics/test.json")


@pytest.mark.parametrize("content", [None, b"something else"])
def test_damaged_outputs_are_restored(repository: Repository, content: bytes | None) -> None:
    before = repository.contents()
    for name in OUTPUTS:
        path = repository.path / name
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    complete(repository)
    assert repository.contents() == before


@pytest.mark.parametrize("end", ["chema", "  fetch:", " md5"])
def test_a_truncated_lock_is_reported_and_restored_from_git(repository: Repository, end: str) -> None:
    lock = repository.path / "dvc.lock"
    lock.write_text(lock.read_text().partition(end)[0])
    printed = complete(repository)
    assert any(message in printed for message in BROKEN_LOCK)


def test_a_truncated_rwlock_is_reported_and_can_be_removed(repository: Repository) -> None:
    (repository.path / ".dvc" / "tmp" / "rwlock").write_text("")
    assert BROKEN_RWLOCK in complete(repository)
