"""Every command of the README runs as it stands there, but on a small dataset."""

import re
from pathlib import Path

import pytest

from tests.pipeline.conftest import Repository
from tests.repository import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [
    [line for line in block.splitlines() if line]
    for block in re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
]
COMMANDS = [command for block in BLOCKS for command in block]
ELSEWHERE = {
    "pip install -r requirements.txt": (".ci/run", "install --quiet -r requirements.txt"),
    "pytest -m long": (".ci/run", "pytest -ra -n 2 --dist loadfile --no-loadscope-reorder -m long"),
    "pytest": (".ci/run", "pytest -ra -n 2 --dist loadfile --cov"),
    "pre-commit run --all-files": (".ci/run", "pre-commit run --all-files"),
    "python -m stages.recommend": ("tests/test_readme.py", "stages.recommend"),
}
"""What begins so is run where its surroundings are: in which file, and by which words."""
SHORTER = {
    "python -m tests.benchmarks": "python -m tests.benchmarks als",
    "range(8,40,8)": "range(3,5)",
    "range(1,6)": "range(1,2)",
    "synthetic-25m": "synthetic-6k",
    "epochs=15": "epochs=2",
}
"""What would take long, and what runs instead."""


def run_elsewhere(command: str) -> tuple[str, str] | None:
    return next((place for beginning, place in ELSEWHERE.items() if command.startswith(beginning)), None)


def test_blocks_are_commands_pictures_or_output() -> None:
    assert set(re.findall(r"^```(\w*)$", README, flags=re.MULTILINE)) == {"", "console", "text", "mermaid"}
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("command", [command for command in COMMANDS if run_elsewhere(command)])
def test_a_command_with_surroundings_of_its_own_is_run_elsewhere(command: str) -> None:
    file, words = run_elsewhere(command) or ("", "")
    assert words in (ROOT / file).read_text(encoding="utf-8")


def shortened(command: str, folder: Path) -> str:
    for long, short in {**SHORTER, "/some/folder": str(folder)}.items():
        command = command.replace(long, short)
    return command


@pytest.mark.long
def test_all_others_run_in_one_clone_each_block_from_what_is_committed(
    repository: Repository, tmp_path: Path
) -> None:
    for block in BLOCKS:
        repository.git("checkout", "--quiet", ".")
        repository.dvc("checkout")
        for command in block:
            if not run_elsewhere(command):
                result = repository.run("bash", "-c", shortened(command, tmp_path / "folder"))
                assert result.status == 0, f"{command}\n{result.output}"
                assert "Traceback" not in result.output
        repository.wait_for_queue()
