"""A run that dies, whenever it does, costs nothing: the next one completes it to the same bytes."""

import shutil
import signal
import time

import pytest

from tests.pipeline.conftest import DVC, Repository, kill
from tests.repository import STAGES

pytestmark = pytest.mark.long

MOMENTS = {
    "as it begins": (0.1, signal.SIGKILL),
    "in the middle": (0.5, signal.SIGKILL),
    "as it ends": (0.95, signal.SIGKILL),
    "in the middle, by Ctrl-C": (0.6, signal.SIGINT),
}
"""Shares of the time that the stage takes, and how it ends."""
BROKEN_RWLOCK = "Unable to read RWLock-file"
BROKEN_LOCK = "dvc.lock' validation failed", "dvc.lock' is invalid"


@pytest.fixture
def forgetful(repository: Repository) -> Repository:
    """A repository without a memory of runs, so that a stage that has not ended has to run again."""
    shutil.rmtree(repository.path / ".dvc" / "cache" / "runs")
    return repository


@pytest.fixture(scope="module")
def durations(reproduced: Repository, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """Seconds that each stage takes when it is left alone, with all that DVC does about it."""
    shutil.copytree(reproduced.path, tmp_path_factory.mktemp("timed") / "copy", symlinks=True)
    repository = Repository(tmp_path_factory.getbasetemp() / "timed0" / "copy")
    taken = {}
    for stage in STAGES:
        process = repository.start(*DVC, "repro", "--force", "--single-item", stage)
        taken[stage] = wait_for(process, stage)
        process.communicate()
        taken[stage] = time.perf_counter() - taken[stage]
    return taken


def wait_for(process: object, stage: str) -> float:
    """The time at which DVC says that it runs the stage."""
    for line in process.stdout:  # type: ignore[attr-defined]
        if f"Running stage '{stage}'" in line:
            break
    return time.perf_counter()


def complete(repository: Repository) -> None:
    """Run what is left, by the README's way out where DVC was killed while it wrote a file of its own."""
    result = repository.run(*DVC, "repro")
    if BROKEN_RWLOCK in result.output:
        (repository.path / ".dvc" / "tmp" / "rwlock").unlink()
        result = repository.run(*DVC, "repro")
    if any(message in result.output for message in BROKEN_LOCK):
        repository.git("checkout", "--quiet", "dvc.lock")
        result = repository.run(*DVC, "repro")
    assert result.status == 0, result.output


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("stage", STAGES)
def test_what_was_interrupted_is_completed_by_the_next_run(
    forgetful: Repository, durations: dict[str, float], stage: str, moment: str
) -> None:
    share, deadly = MOMENTS[moment]
    before = forgetful.outputs()
    process = forgetful.start(*DVC, "repro", "--force", "--single-item", stage)
    started = wait_for(process, stage)
    time.sleep(max(0.0, started + share * durations[stage] - time.perf_counter()))
    kill(process, deadly)
    left = forgetful.outputs()
    assert not [name for name in left if name in before and left[name] != before[name]]  # whole or not at all
    complete(forgetful)
    assert forgetful.outputs() == before
    assert forgetful.is_as_committed()


@pytest.mark.parametrize("name", ["data", "train", "test", "baselines", "newcomers", "clusters"])
def test_a_metrics_file_half_written_is_made_anew(repository: Repository, name: str) -> None:
    path = repository.path / "metrics" / f"{name}.json"
    path.write_bytes(path.read_bytes()[:20])
    assert "failed to load some metrics" in repository.dvc("metrics", "show").output
    repository.dvc("repro")
    assert repository.is_as_committed()


@pytest.mark.parametrize(
    "name", ["raw/synthetic-5k.zip", "prepared/train.pt", "model.pt", "points.npy", "clusters.csv"]
)
@pytest.mark.parametrize("damage", ["deleted", "cut", "overwritten"])
def test_an_output_that_was_damaged_is_put_right(repository: Repository, name: str, damage: str) -> None:
    path = repository.path / "data" / name
    content = path.read_bytes()
    path.unlink()
    if damage != "deleted":
        path.write_bytes(content[:100] if damage == "cut" else b"something else")
    repository.dvc("repro")
    assert path.read_bytes() == content
    assert repository.is_as_committed()


@pytest.mark.parametrize("end", ["chema", "2.0", "  fetch:", " md5", ": synthetic-5k"])
def test_a_lock_half_written_is_named_and_comes_back_from_git(repository: Repository, end: str) -> None:
    lock = repository.path / "dvc.lock"
    lock.write_text(lock.read_text().partition(end)[0])
    message = repository.dvc("repro", fails=True).output
    assert any(each in message for each in BROKEN_LOCK)
    repository.git("checkout", "--quiet", "dvc.lock")
    assert repository.dvc("repro").ran == set()


def test_a_lock_of_a_run_half_written_is_named_and_can_be_removed(repository: Repository) -> None:
    (repository.path / ".dvc" / "tmp" / "rwlock").write_text("")
    assert BROKEN_RWLOCK in repository.dvc("repro", fails=True).output
    complete(repository)
    assert repository.is_as_committed()
