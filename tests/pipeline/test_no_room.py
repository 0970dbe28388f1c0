"""Where nothing can be written, a stage says so in one line and leaves what was there."""

import os
import resource
import subprocess
import sys

import pytest

from tests.pipeline.conftest import Repository
from tests.repository import PIPELINE, STAGES

pytestmark = pytest.mark.long

LARGEST = 100
"""Bytes that a file may have on the full disk."""
AS_OTHERS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Takes root's right to write everywhere."""


def run_stage(repository: Repository, stage: str, *before: str, limit: int | None = None) -> str:
    """Run its command, which has to fail; gives what it says."""

    def full() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [*before, sys.executable, *PIPELINE["stages"][stage]["cmd"].split()[1:]]
    done = subprocess.run(
        command,
        cwd=repository.path,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=full,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_is_one_message_and_nothing_is_lost(repository: Repository, stage: str) -> None:
    before = repository.outputs()
    assert f"\n{stage}: [Errno 27] File too large" in "\n" + run_stage(repository, stage, limit=LARGEST)
    assert repository.outputs() == before


@pytest.mark.parametrize("stage", STAGES)
def test_a_folder_that_is_read_only_is_named_and_nothing_is_lost(repository: Repository, stage: str) -> None:
    before = repository.outputs()
    folders = [repository.path / name for name in ("data", "data/raw", "data/prepared", "metrics", "plots")]
    for folder in folders:
        folder.chmod(0o555)
    try:
        message = run_stage(repository, stage, *AS_OTHERS)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert f"\n{stage}: [Errno 13] Permission denied: " in "\n" + message
    assert any(f"{name}/" in message for name in ("data", "metrics", "plots"))
    assert repository.outputs() == before
