"""Every command of the READMEs runs as it stands there, on a small dataset."""

import re
from pathlib import Path

import pytest

from tests.pipeline.conftest import Repository
from tests.test_readme import PAGES

pytestmark = pytest.mark.long

BLOCKS = [
    [line for line in block.splitlines() if line]
    for page in PAGES.values()
    for block in re.findall(r"```console\n(.*?)```", page, flags=re.DOTALL)
]
ELSEWHERE = (
    "git clone",
    "python3 -m venv",
    "pip install",
    "pytest",
    "OMP_NUM_THREADS=1 pytest",
    "pre-commit",
    "python -m stages.recommend",
)
"""Commands that .ci/run or tests/test_readme.py run."""
SHORTER = {
    "python -m tests.benchmarks": "python -m tests.benchmarks adam",
    "range(4,36,4)": "range(16,17)",
    "range(1,6)": "range(1,3)",
    "-j 2": "-j 2 > .dvc/tmp/queue.txt 2>&1",  # its workers keep the output open, and may stay idle
}
"""What would take long, and what runs instead."""
ONLY_QUEUED = "split=temporal", "synthetic-25m", "solver=als", "solver=adam"
"""Experiments such as other tests run: here DVC checks their names and parameters."""


def shortened(command: str, folder: Path) -> str:
    for long, short in {**SHORTER, "/some/folder": str(folder)}.items():
        command = command.replace(long, short)
    if any(setting in command for setting in ONLY_QUEUED):
        return command.replace("exp run", "exp run --queue") + " && dvc queue remove --all"
    return command


def test_all_commands_run_each_block_in_the_committed_state(repository: Repository, tmp_path: Path) -> None:
    assert sum(map(len, BLOCKS)) > 10
    repository.set_parameters(study=False)
    repository.dvc("repro")
    repository.commit_everything()
    for block in BLOCKS:
        if repository.git("status", "--porcelain"):
            repository.git("checkout", "--quiet", ".")
            repository.dvc("checkout")
        for command in block:
            if not command.startswith(ELSEWHERE):
                result = repository.run("bash", "-c", shortened(command, tmp_path / "folder"))
                assert result.status == 0, f"{command}\n{result.output}"
                assert "Traceback" not in result.output
            if "queue start" in command:
                assert set(re.findall("Success|Failed", repository.wait_for_queue())) == {"Success"}
