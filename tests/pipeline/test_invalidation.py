"""What DVC reruns after a change: exactly the stages that use the parameter, package or file."""

import shutil
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
from dvc.repo import Repo

from tests.pipeline.conftest import SMALL, Repository
from tests.repository import DEFAULTS, ROOT, STAGES

ALL = set(STAGES)
FITS = {"train", "replicas", "newcomers", "evaluate"}

PARAMETERS: dict[str, tuple[object, set[str]]] = {
    "dataset": ("synthetic-6k", {"fetch", "prepare"}),
    "seed": (43, ALL - {"fetch", "baselines"}),
    "split": ("temporal", {"prepare"}),
    "test_fraction": (0.2, {"prepare"}),
    "validation_fraction": (0.1, {"prepare"}),
    "fold": ("u2", {"prepare"}),
    "notebook": (False, {"notebook"}),
    "baseline_regularization": (4, {"baselines", "newcomers"}),
    "ease_regularization": (50, {"baselines", "newcomers"}),
    "solver": ("als", FITS),
    "latent_factors": (16, FITS),
    "epochs": (4, FITS),
    "device": ("auto", FITS),
    "processes": (2, {"train"}),
    "burn_in": (0.5, FITS),
    "movie_features": (["genres"], FITS),
    "user_features": ([], FITS),
    "feature_rank": (32, FITS),
    "user_effects": (["genres"], FITS),
    "drift_minutes": ([5], FITS),
    "biases": (False, FITS),
    "regularization": (10, FITS),
    "bias_regularization": (3, FITS),
    "batch_size": (64, FITS),
    "learning_rate": (0.01, FITS),
    "study": (False, {"replicas", "newcomers", "curve"}),
    "replicas": (2, {"replicas"}),
    "newcomer_fraction": (0.2, {"newcomers"}),
    "given_ratings": (5, {"newcomers"}),
    "boosting": (True, {"evaluate"}),
    "min_ratings": (5, {"points"}),
    "normalize": (False, {"points"}),
    "association": (1, {"points"}),
    "n_clusters": (5, {"cluster"}),
    "top_movies": (5, {"report"}),
}
"""Another value, and the stages that read it; later stages run if their inputs change."""

CODE: dict[str, set[str]] = {
    "core/cli.py": ALL,
    "movielens/layouts.py": ALL,
    "factorization/als.py": ALL - {"fetch", "prepare", "cluster", "curve"},
    "ranking/metrics.py": {"baselines", "newcomers", "evaluate", "report"},
    "clustering/kmeans.py": {"points", "cluster", "curve", "report"},
    "plotting/listing.py": {"report"},
    "page/explorer.js": {"report"},
    "recommender/title_search.py": set(),
    "recommend.py": set(),
    "compare.py": set(),
    **{f"{stage}.py": {stage} for stage in STAGES},
}
"""A file of each package and each stage, and the stages that run after an edit of it."""


@contextmanager
def edited(path: Path, addition: str = "") -> Iterator[None]:
    """A file with `addition` at its end, restored afterwards."""
    before = path.read_bytes()
    path.write_bytes(before + addition.encode())
    try:
        yield
    finally:
        path.write_bytes(before)


@pytest.fixture(scope="module")
def copy(reproduced: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A copy that these tests edit, since other processes read the original."""
    return reproduced._replace(
        path=shutil.copytree(reproduced.path, tmp_path_factory.mktemp("edited") / "copy", symlinks=True)
    )


def changed_stages(repository: Repository) -> set[str]:
    """The stages that `dvc status` reports as changed."""
    with chdir(repository.path), Repo() as repo:
        return set(repo.status())


def test_the_tables_cover_every_parameter_and_package() -> None:
    assert set(PARAMETERS) == set(DEFAULTS)
    packages = {path.name for path in (ROOT / "stages").iterdir() if path.is_dir()} - {"__pycache__"}
    assert {name.split("/")[0] for name in CODE if "/" in name} == packages


@pytest.mark.parametrize("key", PARAMETERS)
def test_a_parameter_reruns_the_stages_that_read_it(copy: Repository, key: str) -> None:
    value, stages = PARAMETERS[key]
    assert SMALL[key] != value
    with edited(copy.path / "params.yaml"):
        copy.set_parameters(**{key: value})
        assert changed_stages(copy) == stages


@pytest.mark.parametrize("name", CODE)
def test_an_edit_reruns_the_stages_that_import_the_package(copy: Repository, name: str) -> None:
    with edited(copy.path / "stages" / name, "\n"):
        assert changed_stages(copy) == CODE[name]


@pytest.mark.parametrize("name", ["README.md", "requirements.txt", "tests/conftest.py", "params.yaml"])
def test_comments_and_other_files_rerun_nothing(copy: Repository, name: str) -> None:
    with edited(copy.path / name, "# a comment\n"):
        assert changed_stages(copy) == set()
