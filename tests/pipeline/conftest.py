"""A Git repository in which real DVC ran the pipeline once, on a small generated dataset."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import yaml
from filelock import FileLock

from tests.repository import DEFAULTS, ROOT, STAGES

SMALL = {**DEFAULTS, "dataset": "synthetic-5k", "epochs": 3, "n_clusters": 4, "device": "cpu", "replicas": 1}
DVC = (sys.executable, "-m", "dvc")
RUNNING = r"Running stage '(\w+)'"
AUTHOR = ("user.name=Test", "user.email=test@example.invalid")


class Result(NamedTuple):
    """Exit status and output of a command."""

    status: int
    output: str

    @property
    def ran(self) -> set[str]:
        return set(re.findall(RUNNING, self.output))

    @property
    def restored(self) -> set[str]:
        return set(re.findall(r"Stage '(\w+)' is cached", self.output))


class Repository(NamedTuple):
    """A Git repository with the pipeline in it."""

    path: Path
    durations: Mapping[str, float] = MappingProxyType({})  # seconds that each stage took, if all were run

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, without a mirror of the dataset."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.Popen(
            command,
            cwd=self.path,
            env=os.environ | {"PATH": path, "MOVIELENS_MIRROR": ""} | environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, *command: str, **environment: str) -> Result:
        process = self.start(*command, **environment)
        output, _ = process.communicate()
        return Result(process.returncode, output)

    def copy(self, path: Path) -> "Repository":
        """All of it, with DVC's cache."""
        return self._replace(path=shutil.copytree(self.path, path, symlinks=True))

    def dvc(self, *arguments: str, fails: bool = False, **environment: str) -> Result:
        result = self.run(*DVC, *arguments, **environment)
        assert (result.status != 0) == fails, result.output
        return result

    def git(self, *arguments: str) -> str:
        result = self.run("git", *arguments)
        assert result.status == 0, result.output
        return result.output

    def commit_everything(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "everything")

    def clone(self, path: Path) -> "Repository":
        """A fresh clone, with what Git has and nothing else."""
        author = [f"--config={setting}" for setting in AUTHOR]
        self.git("clone", "--quiet", *author, str(self.path), str(path))
        return Repository(path)

    def metrics(self, name: str) -> Any:
        return json.loads((self.path / "metrics" / f"{name}.json").read_text())

    def set_parameters(self, **changes: object) -> None:
        path = self.path / "params.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}, sort_keys=False))

    def wait_for_queue(self) -> str:
        """Wait until no experiment is queued or running; the last output of `dvc queue status`."""
        while re.search(r"Queued|Running", status := self.dvc("queue", "status").output):
            time.sleep(1)
        self.dvc("queue", "stop")
        return status

    def contents(self) -> dict[Path, bytes]:
        """Every file in data/, metrics/ and plots/, but for what DVC leaves when it is killed."""
        return {
            path.relative_to(self.path): path.read_bytes()
            for folder in ("data", "metrics", "plots")
            for path in (self.path / folder).rglob("*")
            if path.is_file() and not re.fullmatch(r"\.[\w-]{22}\.tmp", path.name)
        }

    def is_as_committed(self) -> bool:
        """Whether DVC and Git see every output, the lock and all else as in the last commit."""
        return self.dvc("status", "--quiet").status == 0 and self.git("status", "--porcelain") == ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the files that take longest, so that no process waits for another at the end."""
    items.sort(key=lambda item: item.path.stem not in ("test_readme_commands", "test_real_data"))


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository in which everything was run once, and committed; shared, and not to be changed."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    repository, durations = Repository(folder / "pipeline" / "a clone"), folder / "durations.json"
    with FileLock(folder / "pipeline.lock"):
        if not durations.exists():
            durations.write_text(json.dumps(reproduce(repository)))
    return repository._replace(durations=json.loads(durations.read_text()))


def reproduce(repository: Repository) -> dict[str, float]:
    """Copy the working tree, run everything and commit it; the seconds that each stage took."""
    shutil.rmtree(repository.path, ignore_errors=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in filter(None, subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")):
        if (ROOT / name).is_file() and not re.match(r"dvc.lock|plots/|metrics/(.*json|results)", name):
            (repository.path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, repository.path / name)
    (repository.path / "params.yaml").write_text(yaml.safe_dump(SMALL, sort_keys=False))
    repository.git("init", "--quiet", "--initial-branch", "main")
    for setting in AUTHOR:
        repository.git("config", *setting.split("="))
    with repository.start(*DVC, "repro") as process:
        printed = {line: time.perf_counter() for line in process.stdout or ()}
    assert process.returncode == 0, "".join(printed)
    started = [(stage, at) for line, at in printed.items() for stage in re.findall(RUNNING, line)]
    assert {stage for stage, _ in started} == set(STAGES)
    ended = [*(at for _, at in started[1:]), time.perf_counter()]
    repository.commit_everything()
    return {stage: end - at for (stage, at), end in zip(started, ended, strict=True)}


@pytest.fixture
def repository(reproduced: Repository, tmp_path: Path) -> Repository:
    """A copy of it that a test may change."""
    return reproduced.copy(tmp_path / "copy")
