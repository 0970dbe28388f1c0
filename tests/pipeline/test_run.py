"""`dvc repro`, run by real DVC, does what it says and no more; what is wrong ends with one message."""

import re

import pytest
import torch

from tests.pipeline.conftest import Repository
from tests.repository import PIPELINE, STAGES

DOWNSTREAM = {"train", "replicas", "newcomers", "evaluate", "points", "cluster", "curve", "report"}
"""What depends on how the model is trained."""


def test_a_run_writes_every_output_and_leaves_nothing_else(reproduced: Repository) -> None:
    for entry in PIPELINE["stages"].values():
        for kind in ("outs", "metrics", "plots"):
            for out in entry.get(kind, []):
                path = reproduced.path / (out if isinstance(out, str) else next(iter(out)))
                assert path.exists(), path
    tracked = reproduced.git("ls-files", "data", "metrics", "plots").split()
    data = {path for path in tracked if path.startswith("data/")}
    assert data == {"data/README.md", "data/.gitignore", "data/prepared/.gitignore"}
    assert not list(reproduced.path.rglob("*.part"))


def test_a_second_run_runs_nothing(repository: Repository) -> None:
    assert repository.dvc("repro").ran == set()
    assert repository.is_as_committed()


def test_another_number_of_factors_trains_and_going_back_does_not(repository: Repository) -> None:
    before = repository.metrics("test")
    result = repository.dvc("exp", "run", "-S", "latent_factors=16.0", "-S", "learning_rate=1e-5")
    assert result.ran == DOWNSTREAM
    assert "learning_rate: 1e-05\n" in (repository.path / "params.yaml").read_text()  # a string to YAML
    model = torch.load(repository.path / "data" / "model.pt", weights_only=True)
    assert model["user_factors"].shape[-1] == 16
    difference = repository.dvc("metrics", "diff").output
    assert re.search(r"metrics/test\.json +rmse +\d\.\d+ +\d\.\d+ +-?\d\.\d+", difference)
    assert "latent_factors" in repository.dvc("params", "diff").output
    back = repository.dvc("exp", "run", "-S", "latent_factors=8", "-S", "learning_rate=0.001")
    assert {"train", "replicas", "newcomers", "points", "cluster", "curve"} <= back.restored
    assert repository.metrics("test") == before
    assert repository.git("status", "--porcelain") == ""


def test_another_number_of_clusters_does_not_train(repository: Repository) -> None:
    result = repository.dvc("exp", "run", "-S", "n_clusters=5")
    assert result.ran == {"cluster", "report"}
    assert (repository.path / "plots" / "clusters.md").read_text().startswith("# 5 clusters")
    difference = repository.dvc("metrics", "diff").output
    assert "metrics/clusters.json" in difference
    assert "metrics/test.json" not in difference


@pytest.mark.long
def test_the_notebook_is_reproduced_by_parameters_alone(repository: Repository) -> None:
    changes = ["biases=false", "regularization=0", "test_fraction=0", "validation_fraction=0"]
    result = repository.dvc("exp", "run", "-n", "notebook", *(f"-S{change}" for change in changes))
    assert result.ran == set(STAGES) - {"fetch"}
    assert repository.metrics("test") == {"synthetic": True}
    assert repository.metrics("data")["n_train"] == 5_000
    assert "notebook" in repository.dvc("exp", "list", "--name-only").output


def test_plots_are_rendered(repository: Repository) -> None:
    repository.dvc("plots", "show", "--out", "dvc_plots")
    page = (repository.path / "dvc_plots" / "index.html").read_text()
    for shown in ("train_loss", "validation_loss", "map.png", "genres.png", "data.png", "loss.png"):
        assert shown in page


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "latent_factors=0",
            "train: params.yaml: latent_factors is 0; input should be greater than or equal to 1",
        ),
        ("n_clusters=5000", "cluster: n_clusters is 5000, but only "),
        ("test_fraction=1", "prepare: params.yaml: test_fraction is 1; input should be less than 1"),
        ("dataset=/nowhere/ratings.zip", "fetch: /nowhere/ratings.zip could not be had:"),
    ],
)
def test_a_wrong_parameter_ends_with_one_message_and_the_way_back_works(
    repository: Repository, change: str, message: str
) -> None:
    result = repository.dvc("exp", "run", "-S", change, fails=True)
    assert message in result.output
    assert "Traceback" not in result.output
    repository.git("checkout", "--quiet", ".")
    repository.dvc("checkout")
    assert repository.dvc("repro").ran == set()
    assert repository.is_as_committed()


@pytest.mark.long
@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_an_absent_device_ends_with_one_message(repository: Repository) -> None:
    result = repository.dvc("exp", "run", "-S", "device=cuda", fails=True)
    assert "train: device is 'cuda', but this machine has only: " in result.output
    assert "Traceback" not in result.output
