"""`dvc repro` and `dvc exp run`, with real DVC, run what is needed and no more; errors are one message."""

import re

import pytest
import torch

from tests.pipeline.conftest import Repository
from tests.repository import DEFAULTS, STAGES, outputs

AFTER_TRAINING = {"train", "replicas", "newcomers", "evaluate", "points", "cluster", "curve", "report"}


def test_repro_writes_every_output_and_nothing_else(reproduced: Repository) -> None:
    for stage in STAGES:
        for path in outputs(stage):
            assert (reproduced.path / path).exists(), path
    tracked = reproduced.git("ls-files", "data").split()
    assert set(tracked) == {"data/README.md", "data/.gitignore"}
    assert not list(reproduced.path.rglob("*.part"))


def test_other_factors_train_again_and_going_back_restores(repository: Repository) -> None:
    before = repository.metrics("test")
    result = repository.dvc("exp", "run", "-S", "latent_factors=16.0", "-S", "learning_rate=1e-5")
    assert result.ran == AFTER_TRAINING
    assert "learning_rate: 1e-05\n" in (repository.path / "params.yaml").read_text()  # a string to YAML
    model = torch.load(repository.path / "data" / "model.pt", weights_only=True)
    assert model["embeddings"].shape[-1] == 16
    difference = repository.dvc("metrics", "diff").output
    assert re.search(r"metrics/test\.json +rmse +\d\.\d+ +\d\.\d+ +-?\d\.\d+", difference)
    factors, rate = (f"{key}={DEFAULTS[key]}" for key in ("latent_factors", "learning_rate"))
    back = repository.dvc("exp", "run", "-S", factors, "-S", rate)
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


WRONG = {
    "latent_factors=0": "train: params.yaml: latent_factors is 0; ",
    "n_clusters=5000": "cluster: n_clusters is 5000, but only ",
    "dataset=/nowhere/ratings.zip": "fetch: /nowhere/ratings.zip could not be downloaded",
}


@pytest.mark.long
def test_a_wrong_parameter_is_reported_and_undone(repository: Repository) -> None:
    for change, message in WRONG.items():
        result = repository.dvc("exp", "run", "-S", change, fails=True)
        assert message in result.output
        assert "Traceback" not in result.output
        repository.git("restore", "--staged", "--worktree", "params.yaml", "dvc.lock", "metrics", "plots")
        repository.dvc("checkout")
    assert repository.dvc("repro").ran == set()
    assert repository.git("status", "--porcelain") == ""
