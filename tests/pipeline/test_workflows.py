"""What users of DVC expect to work, works the first time."""

import csv
import io
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.pipeline.conftest import DVC, Repository
from tests.repository import STAGES

pytestmark = pytest.mark.long


def run_experiments(repository: Repository, **n_clusters: int) -> None:
    """An experiment of each name, with that number of clusters."""
    for name, number in n_clusters.items():
        repository.dvc("exp", "run", "-n", name, "-S", f"n_clusters={number}")


def experiments(repository: Repository) -> list[str]:
    return repository.dvc("exp", "list", "--name-only").output.split()


def test_a_fresh_clone_shows_metrics_and_plots_and_runs_to_the_same_bytes(
    reproduced: Repository, tmp_path: Path
) -> None:
    fresh = reproduced.clone(tmp_path / "fresh")
    assert f"{fresh.metrics('test')['rmse']:.5f}" in fresh.dvc("metrics", "show").output
    fresh.dvc("plots", "show", "--out", "dvc_plots")
    assert "train_loss" in (fresh.path / "dvc_plots" / "index.html").read_text()
    assert fresh.dvc("repro").ran == set(STAGES) - {"newcomers", "evaluate", "report"}  # theirs are in Git
    assert fresh.outputs() == reproduced.outputs()
    assert fresh.is_as_committed()


def test_a_clone_without_a_remote_has_nothing_to_pull(reproduced: Repository, tmp_path: Path) -> None:
    fresh = reproduced.clone(tmp_path / "fresh")
    assert "missing-files" in fresh.dvc("pull", fails=True).output
    assert fresh.git("status", "--porcelain") == ""


def test_a_misspelt_parameter_is_refused_and_changes_nothing(repository: Repository) -> None:
    result = repository.dvc("exp", "run", "-S", "latentfactors=16", fails=True)
    assert "Key 'latentfactors' is not in struct" in result.output
    assert repository.is_as_committed()


def test_the_first_command_in_a_fresh_clone_may_be_an_experiment(
    reproduced: Repository, tmp_path: Path
) -> None:
    fresh = reproduced.clone(tmp_path / "fresh")
    assert fresh.dvc("exp", "run", "-S", "n_clusters=5").ran == set(STAGES) - {"newcomers", "evaluate"}
    assert "n_clusters" in fresh.dvc("params", "diff").output


def test_a_remote_directory_spares_another_clone_every_download_and_every_training(
    repository: Repository, tmp_path: Path
) -> None:
    remote = ("remote", "add", "-d", "local", str(tmp_path / "a remote"))
    repository.dvc(*remote)
    repository.dvc("push")
    pulled, reproducing = (repository.clone(tmp_path / name) for name in ("pulled", "reproducing"))
    for clone in (pulled, reproducing):
        clone.dvc(*remote)
    pulled.dvc("pull")
    assert reproducing.dvc("repro", "--pull").ran == set()
    for clone in (pulled, reproducing):
        assert clone.outputs() == repository.outputs()
        assert clone.dvc("repro").ran == set()
        assert clone.git("status", "--porcelain").split() == ["M", ".dvc/config"]


def test_experiments_are_named_sorted_compared_applied_branched_renamed_and_removed(
    repository: Repository,
) -> None:
    run_experiments(repository, five=5, six=6)
    scores = {name: repository_of(repository, name) for name in ("five", "six")}
    assert sorted(experiments(repository)) == ["five", "six"]
    for order in ("asc", "desc"):
        table = repository.dvc(
            "exp", "show", "--csv", "--sort-by", "metrics/clusters.json:silhouette", "--sort-order", order
        ).output
        shown = [row["Experiment"] for row in csv.DictReader(io.StringIO(table)) if row["Experiment"]]
        assert [name for name in shown if name in scores] == sorted(
            scores, key=scores.__getitem__, reverse=order == "desc"
        )
    assert re.search(r"n_clusters +5 +6", repository.dvc("exp", "diff", "five", "six").output)
    repository.dvc("exp", "apply", "five")
    assert repository.parameter("n_clusters") == 5
    assert repository.metrics("clusters")["silhouette"] == scores["five"]
    repository.dvc("exp", "branch", "five", "better")
    assert "n_clusters: 5" in repository.git("show", "better:params.yaml")
    repository.dvc("exp", "rename", "six", "half-a-dozen")
    repository.dvc("exp", "remove", "five")
    assert experiments(repository) == ["half-a-dozen"]


def repository_of(repository: Repository, experiment: str) -> float:
    """The silhouette of an experiment."""
    shown = repository.dvc("metrics", "diff", "HEAD", experiment, "--all", "--json").output
    found = re.search(r'"silhouette": \{"old": [\d.]+, "new": ([\d.]+)', shown)
    assert found, shown
    return float(found[1])


def test_runs_are_compared_by_parameters_metrics_and_plots(repository: Repository) -> None:
    run_experiments(repository, five=5, six=6)
    assert re.search(r"n_clusters +4 +6", repository.dvc("params", "diff").output)
    table = repository.dvc("metrics", "diff", "--all", "--md", "HEAD", "five").output
    assert table.startswith("| Path ")
    assert re.search(r"\| metrics/clusters.json +\| silhouette +\| [\d.]+ +\| [\d.]+", table)
    assert re.search(r"\| metrics/test.json +\| rmse ", table)  # --all: what has not changed, too
    repository.dvc("plots", "diff", "HEAD", "five", "six", "--out", "compared")
    page = (repository.path / "compared" / "index.html").read_text()
    for revision in ("HEAD", "five", "six"):
        assert f'"rev": "{revision}"' in page
        assert (repository.path / "compared" / "static" / f"{revision}_plots_map.png").exists()


def test_a_queue_is_worked_off_by_two_workers(repository: Repository) -> None:
    repository.dvc("exp", "run", "--queue", "-S", "n_clusters=range(5,9)")
    repository.dvc("queue", "start", "-j", "2")
    status = repository.wait_for_queue()
    assert re.findall(r"Success|Failed", status) == ["Success"] * 4, status
    assert len(experiments(repository)) == 4
    assert repository.is_as_committed()


def test_a_temporary_experiment_leaves_the_workspace_alone(repository: Repository) -> None:
    repository.dvc("exp", "run", "--temp", "-n", "five", "-S", "n_clusters=5")
    assert experiments(repository) == ["five"]
    assert repository.is_as_committed()


def test_one_stage_can_be_run_alone(repository: Repository) -> None:
    repository.set_parameters(n_clusters=5, top_movies=3, latent_factors=9)
    assert repository.dvc("repro", "--single-item", "cluster").ran == {"cluster"}
    assert repository.dvc("repro", "--single-item", "--force", "evaluate").ran == {"evaluate"}
    repository.git("checkout", "--quiet", ".")
    repository.dvc("checkout")
    assert repository.is_as_committed()


def test_a_clone_that_is_moved_runs_nothing_and_if_forced_on_other_threads_changes_not_a_byte(
    repository: Repository, tmp_path: Path
) -> None:
    moved = Repository(tmp_path / "Küche – 映画" / "it's a clone")
    moved.path.parent.mkdir()
    shutil.move(repository.path, moved.path)
    assert moved.dvc("repro").ran == set()
    others = "2" if os.environ.get("OMP_NUM_THREADS") == "1" else "1"
    assert moved.dvc("repro", "--force", OMP_NUM_THREADS=others).ran == set(STAGES)
    assert moved.is_as_committed()


def test_two_clones_work_side_by_side(reproduced: Repository, repository: Repository, tmp_path: Path) -> None:
    shutil.copytree(reproduced.path, tmp_path / "other", symlinks=True)
    clones = [repository, Repository(tmp_path / "other")]
    command = [*DVC, "exp", "run", "-S", "n_clusters=5"]
    for process in [clone.start(*command) for clone in clones]:
        output, _ = process.communicate()
        assert process.returncode == 0, output
    assert clones[0].outputs() == clones[1].outputs()


def test_two_runs_at_once_in_one_clone_lose_nothing(repository: Repository) -> None:
    command = [*DVC, "repro", "--force", "--single-item", "report"]
    outputs = [process.communicate()[0] for process in [repository.start(*command) for _ in range(2)]]
    ran = [output for output in outputs if "Running stage 'report'" in output]
    busy = r"is busy, it is being blocked by|Unable to acquire lock"
    assert ran
    assert all(re.search(busy, output) for output in outputs if output not in ran)
    assert not any("Traceback" in output for output in outputs)
    repository.dvc("repro")
    assert repository.is_as_committed()


def test_what_changes_is_staged_for_the_next_commit_where_one_asks_for_it(repository: Repository) -> None:
    repository.dvc("config", "core.autostage", "true")
    repository.commit_everything("stage what DVC writes")
    repository.dvc("exp", "run", "-S", "n_clusters=5")
    repository.set_parameters(n_clusters=6)
    repository.dvc("repro")
    assert "dvc.lock" in repository.git("diff", "--cached", "--name-only").split()


def test_a_failed_experiment_is_undone_by_two_commands(repository: Repository) -> None:
    result = repository.dvc("exp", "run", "-S", "n_clusters=5000", fails=True)
    assert "cluster: n_clusters is 5000, but only " in result.output
    repository.git("checkout", "--quiet", "params.yaml")
    repository.dvc("checkout")
    assert repository.dvc("repro").ran == set()
    assert repository.is_as_committed()
