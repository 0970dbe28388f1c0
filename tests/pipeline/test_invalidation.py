"""What DVC reruns after a change: what uses it; test_dvc_yaml.py holds dvc.yaml to the code."""

from contextlib import chdir
from pathlib import Path

import pytest
from dvc.repo import Repo

from tests.pipeline.conftest import Repository
from tests.repository import STAGES

ALL = set(STAGES)
FITS = {"train", "replicas", "newcomers", "evaluate"}
PARAMETERS: dict[str, tuple[object, set[str]]] = {
    "dataset": ("synthetic-6k", {"fetch", "prepare"}),
    "seed": (43, ALL - {"fetch", "baselines"}),
    "notebook": (False, {"notebook"}),
    "latent_factors": (16, FITS),
    "movie_features": (["genres"], FITS),
    "study": (False, {"replicas", "newcomers", "curve"}),
    "min_ratings": (5, {"points"}),
    "n_clusters": (5, {"cluster"}),
    "top_movies": (5, {"report"}),
}
"""Another value, and the stages that read it; later stages run if their inputs change."""
FILES: dict[str, set[str]] = {
    "stages/core/cli.py": ALL,
    "stages/factorization/als.py": ALL - {"fetch", "prepare", "cluster", "curve"},
    "stages/ranking/metrics.py": {"baselines", "newcomers", "evaluate", "report"},
    "stages/clustering/kmeans.py": {"points", "cluster", "curve", "report"},
    "stages/page/explorer.js": {"report"},
    "stages/recommender/title_search.py": set(),
    "stages/train.py": {"train"},
    "stages/compare.py": set(),
    "README.md": set(),
    "params.yaml": set(),
}
"""The stages that run after a comment is added to a file."""


@pytest.fixture(scope="module")
def copy(reproduced: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A copy that these tests edit, since other processes read the original."""
    return reproduced.copy(tmp_path_factory.mktemp("edited") / "copy")


def changed_stages(repository: Repository, edited: Path, before: bytes) -> set[str]:
    """The stages that `dvc status` reports as changed; restores the file."""
    with chdir(repository.path), Repo() as repo:
        found = set(repo.status())
    edited.write_bytes(before)
    return found


@pytest.mark.parametrize("key", PARAMETERS)
def test_a_parameter_reruns_the_stages_that_read_it(copy: Repository, key: str) -> None:
    value, stages = PARAMETERS[key]
    path = copy.path / "params.yaml"
    before = path.read_bytes()
    copy.set_parameters(**{key: value})
    assert changed_stages(copy, path, before) == stages


@pytest.mark.parametrize("name", FILES)
def test_an_edit_reruns_the_stages_that_import_the_package(copy: Repository, name: str) -> None:
    path = copy.path / name
    before = path.read_bytes()
    path.write_bytes(before + b"# a comment\n")
    assert changed_stages(copy, path, before) == FILES[name]
