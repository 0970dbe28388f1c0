"""Workflows that users of DVC expect."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.pipeline.conftest import DVC, Repository
from tests.repository import STAGES

pytestmark = pytest.mark.long


def experiments(repository: Repository) -> list[str]:
    return repository.dvc("exp", "list", "--name-only").output.split()


def test_a_fresh_clone_on_other_threads_gives_the_same_bytes(reproduced: Repository, tmp_path: Path) -> None:
    fresh = reproduced.clone(tmp_path / "fresh")
    assert f"{fresh.metrics('test')['rmse']:.5f}" in fresh.dvc("metrics", "show").output
    fresh.dvc("plots", "show", "--out", "dvc_plots")
    page = (fresh.path / "dvc_plots" / "index.html").read_text()
    for shown in ("train_loss", "validation_loss", "map.png", "genres.png", "data.png", "loss.png"):
        assert shown in page
    others = "2" if os.environ.get("OMP_NUM_THREADS") == "1" else "1"
    assert fresh.dvc("repro", OMP_NUM_THREADS=others).ran == set(STAGES)
    assert fresh.contents() == reproduced.contents()
    assert fresh.git("status", "--porcelain") == ""


def test_a_remote_directory_saves_other_clones_the_runs(repository: Repository, tmp_path: Path) -> None:
    remote = ("remote", "add", "-d", "local", str(tmp_path / "a remote"))
    without = repository.clone(tmp_path / "without")
    without.dvc("pull", fails=True)
    repository.dvc(*remote)
    repository.dvc("push")
    pulled, reproducing = (repository.clone(tmp_path / name) for name in ("pulled", "reproducing"))
    for clone in (pulled, reproducing):
        clone.dvc(*remote)
    pulled.dvc("pull")
    assert reproducing.dvc("repro", "--pull").ran == set()
    for clone in (pulled, reproducing):
        assert clone.contents() == repository.contents()
        assert clone.dvc("repro").ran == set()


def test_experiments_are_run_undone_compared_applied_branched_and_removed(repository: Repository) -> None:
    misspelt = repository.dvc("exp", "run", "-S", "nclusters=5", fails=True)
    assert "'nclusters'" in misspelt.output
    repository.dvc("exp", "run", "--temp", "-n", "five", "-S", "n_clusters=5")
    assert repository.is_as_committed()
    repository.dvc("exp", "run", "-n", "six", "-S", "n_clusters=6", "-S", "top_movies=3")
    repository.git("checkout", "--quiet", ".")
    repository.dvc("checkout")
    assert repository.is_as_committed()
    assert sorted(experiments(repository)) == ["five", "six"]
    assert re.search(r"n_clusters +5 +6", repository.dvc("exp", "diff", "five", "six").output)
    table = repository.dvc("metrics", "diff", "--all", "--md", "HEAD", "five").output
    assert re.search(r"\| metrics/clusters.json +\| stability +\| [\d.]+ +\| [\d.]+", table)
    repository.dvc("plots", "diff", "HEAD", "five", "six", "--out", "compared")
    for revision in ("HEAD", "five", "six"):
        assert (repository.path / "compared" / "static" / f"{revision}_plots_map.png").exists()
    repository.dvc("exp", "apply", "five")
    assert "n_clusters: 5" in (repository.path / "params.yaml").read_text()
    repository.dvc("exp", "branch", "five", "better")
    assert "n_clusters: 5" in repository.git("show", "better:params.yaml")
    repository.dvc("exp", "remove", "five")
    assert experiments(repository) == ["six"]


def test_runs_are_compared_by_tag_and_name_until_the_cache_is_lost(repository: Repository) -> None:
    def compare(*names: str) -> str:
        return repository.run(sys.executable, "-m", "stages.compare", *names).output

    repository.git("tag", "v1")
    before = repository.metrics("test")["rmse"]
    repository.dvc("exp", "run", "-n", "short", "-S", "epochs=1", "-S", "study=false")
    after = repository.metrics("test")["rmse"]
    _, test = compare("v1", "workspace").split("Test ratings")
    found = re.search(r"RMSE, stars +(\S+) +(\S+) +(\S+) .*worse, beyond chance", test)
    assert found
    assert [*map(float, found.groups())] == pytest.approx([before, after, after - before], abs=1e-4)
    assert " rmse " in repository.dvc("metrics", "diff", "v1", "short").output
    assert "worse, beyond chance" in compare("HEAD", "short")
    shutil.rmtree(repository.path / ".dvc" / "cache" / "files")
    assert "git checkout v1 && dvc repro" in compare("v1", "short")
    assert 'no revision or experiment "HEAD:stages"' in compare("HEAD:stages", "short")


def test_a_moved_clone_runs_nothing(repository: Repository, tmp_path: Path) -> None:
    moved = Repository(tmp_path / "Küche – 映画" / "it's a clone")
    moved.path.parent.mkdir()
    shutil.move(repository.path, moved.path)
    assert moved.dvc("repro").ran == set()


def test_two_runs_at_once_in_one_clone_lose_nothing(repository: Repository) -> None:
    command = [*DVC, "repro", "--force", "--single-item", "train"]
    printed = [process.communicate()[0] for process in [repository.start(*command) for _ in range(2)]]
    ran = [output for output in printed if "Running stage 'train'" in output]
    busy = r"is busy, it is being blocked by|Unable to acquire lock"
    assert ran
    assert all(re.search(busy, output) for output in printed if output not in ran)
    repository.dvc("repro")
    assert repository.is_as_committed()
