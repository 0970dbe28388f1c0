"""If a stage cannot write, it reports one message and leaves the existing files."""

import os
import resource
import subprocess
import sys

import pytest

from tests.pipeline.conftest import Repository
from tests.repository import PIPELINE, STAGES

pytestmark = pytest.mark.long

LARGEST_FILE = 100
"""Bytes that a file may have, to simulate a full disk."""
WITHOUT_ROOT = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Removes root's permission to write everywhere."""


def failure(repository: Repository, stage: str, *prefix: str, limit: int | None = None) -> str:
    """Run the stage's command, which has to fail; its message."""

    def limit_file_size() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [*prefix, sys.executable, *PIPELINE["stages"][stage]["cmd"].split()[1:]],
        cwd=repository.path,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=limit_file_size,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return "\n" + done.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_is_reported_and_nothing_is_lost(repository: Repository, stage: str) -> None:
    before = repository.digests()
    assert f"\n{stage}: [Errno 27] File too large" in failure(repository, stage, limit=LARGEST_FILE)
    assert repository.digests() == before


@pytest.mark.parametrize("stage", ["fetch", "prepare", "train", "report"])
def test_a_read_only_folder_is_reported_and_nothing_is_lost(repository: Repository, stage: str) -> None:
    before = repository.digests()
    folders = [repository.path / name for name in ("data", "data/raw", "data/prepared", "metrics", "plots")]
    for folder in folders:
        folder.chmod(0o555)
    try:
        message = failure(repository, stage, *WITHOUT_ROOT)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert f"\n{stage}: [Errno 13] Permission denied: " in message
    assert repository.digests() == before
