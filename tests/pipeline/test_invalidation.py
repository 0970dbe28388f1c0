"""What runs again when something is touched, by real DVC: of each parameter and each module exactly this."""

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
from dvc.repo import Repo

from tests.pipeline.conftest import SMALL, Repository
from tests.repository import DEFAULTS, ROOT, STAGES

ALL = set(STAGES)
FITS = {"train", "replicas", "newcomers"}
GROUPS = {"cluster", "curve"}

PARAMETERS: dict[str, tuple[object, set[str]]] = {
    "dataset": ("synthetic-6k", ALL - {"notebook", "points", "curve"}),
    "seed": (43, ALL - {"fetch", "baselines", "report"}),
    "split": ("temporal", {"prepare"}),
    "test_fraction": (0.2, {"prepare"}),
    "validation_fraction": (0.1, {"prepare"}),
    "baseline_regularization": (4, {"baselines"}),
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
    "sittings": (False, FITS),
    "biases": (False, FITS),
    "regularization": (10, FITS),
    "bias_regularization": (3, FITS),
    "batch_size": (64, FITS),
    "learning_rate": (0.01, FITS),
    "replicas": (2, {"replicas"}),
    "newcomer_fraction": (0.2, {"newcomers"}),
    "given_ratings": (5, {"newcomers"}),
    "min_ratings": (5, {"points"}),
    "normalize": (False, {"points"}),
    "association": (1, {"points"}),
    "n_clusters": (5, {"cluster"}),
    "top_movies": (5, {"report"}),
}
"""Another value, and the stages that read it; what is after them runs if their outputs change."""

MODULES: dict[str, set[str]] = {
    # the stages
    "fetch.py": {"fetch"},
    "prepare.py": {"prepare"},
    "notebook.py": {"notebook"},
    "baselines.py": {"baselines"},
    "train.py": FITS,
    "replicas.py": {"replicas"},
    "newcomers.py": {"newcomers"},
    "evaluate.py": {"evaluate"},
    "points.py": {"points"},
    "cluster.py": {"cluster"},
    "curve.py": {"curve"},
    "report.py": {"report"},
    # what all of them stand on
    "command.py": ALL,
    "params.py": ALL,
    "outputs.py": ALL - {"fetch"},
    "randomness.py": ALL - {"fetch", "baselines", "report"},
    "tensors.py": ALL - {"fetch", "cluster", "curve", "report"},
    "kinds.py": ALL - {"fetch"},
    "memory.py": {"prepare"} | FITS,
    "compute.py": {"notebook"} | FITS,
    # the data's own knowledge
    "movielens/catalogue.py": ALL - {"notebook", "points", "curve"},
    "movielens/synthetic.py": {"fetch"},
    "movielens/layouts.py": {"prepare"},
    "movielens/archive.py": {"prepare"},
    "movielens/table.py": {"prepare"},
    "movielens/checks.py": {"prepare"},
    "movielens/spelling.py": {"prepare", "report"},
    "movielens/ratings.py": ALL - {"fetch", "cluster", "curve", "report"},
    "movielens/movies.py": {"points", "report"} | GROUPS,
    "facts.py": {"prepare"},
    # the model and its solvers
    "factorization/model.py": ALL - {"fetch", "prepare", "cluster", "curve", "report"},
    "factorization/solver.py": {"notebook"} | FITS,
    "factorization/adam.py": {"notebook"} | FITS,
    "factorization/normal_equations.py": {"notebook"} | FITS,
    "factorization/ranks.py": {"notebook"} | FITS,
    "factorization/als.py": FITS,
    "factorization/gibbs.py": FITS,
    "factorization/prior.py": FITS,
    "factorization/features.py": FITS,
    "factorization/embeddings.py": FITS,
    "factorization/device.py": FITS,
    "factorization/decomposition.py": {"points"} | FITS,
    "factorization/fold_in.py": {"newcomers", "evaluate"},
    "factorization/association.py": {"points"},
    # what is measured
    "measures.py": {"baselines", "evaluate"} | FITS,
    "ease.py": {"baselines", "newcomers", "evaluate"},
    "neighbours.py": {"baselines"},
    "appeal.py": {"newcomers", "evaluate"},
    "bootstrap.py": {"evaluate"},
    # points, clusters and their names
    "places.py": {"points", "report"} | GROUPS,
    "nearness.py": {"points", "report"} | GROUPS,
    "projection.py": {"points"},
    "groups.py": GROUPS,
    "scorecard.py": GROUPS,
    "names.py": {"cluster"},
    # what is shown
    "charts.py": {"report"},
    "movie_map.py": {"report"},
    "listing.py": {"report"},
    "explorer.py": {"report"},
    "explorer.html": {"report"},
    # a film for tonight, and sums over experiments: nothing of the pipeline
    "recommend.py": set(),
    "recommender/answer.py": set(),
    "recommender/asker.py": set(),
    "recommender/choice.py": set(),
    "recommender/filters.py": set(),
    "recommender/library.py": set(),
    "recommender/question.py": set(),
    "recommender/shelves.py": set(),
    "movielens/lookup.py": set(),
    "movielens/titles.py": set(),
    "movielens/likeness.py": set(),
    "movielens/watched.py": set(),
    "summary.py": set(),
    "__init__.py": set(),
    "factorization/__init__.py": set(),
    "movielens/__init__.py": set(),
    "recommender/__init__.py": set(),
}
"""The stages that a module is a part of."""


@contextmanager
def touched(path: Path, addition: str = "") -> Iterator[None]:
    """A file with something more at its end, for a while."""
    before = path.read_bytes()
    path.write_bytes(before + addition.encode())
    try:
        yield
    finally:
        path.write_bytes(before)


def would_run(repository: Repository) -> set[str]:
    """The stages that `dvc status` calls changed."""
    with chdir(repository.path), Repo() as repo:
        return set(repo.status())


def test_every_parameter_and_every_module_is_in_the_tables() -> None:
    files = [path for path in (ROOT / "stages").rglob("*") if path.suffix in {".py", ".html"}]
    assert set(MODULES) == {str(path.relative_to(ROOT / "stages")) for path in files}
    assert set(PARAMETERS) == set(DEFAULTS)


@pytest.mark.parametrize("key", PARAMETERS)
def test_a_parameter_runs_exactly_the_stages_that_read_it(reproduced: Repository, key: str) -> None:
    value, stages = PARAMETERS[key]
    assert SMALL[key] != value
    with touched(reproduced.path / "params.yaml"):
        reproduced.set_parameters(**{key: value})
        assert would_run(reproduced) == stages


@pytest.mark.parametrize("module", MODULES)
def test_a_module_runs_exactly_the_stages_that_import_it(reproduced: Repository, module: str) -> None:
    with touched(reproduced.path / "stages" / module, "\n"):
        assert would_run(reproduced) == MODULES[module]


@pytest.mark.parametrize("name", ["README.md", "requirements.txt", "tests/test_train.py", ".ruff.toml"])
def test_what_is_no_part_of_the_pipeline_runs_nothing(reproduced: Repository, name: str) -> None:
    with touched(reproduced.path / name, "\n"):
        assert would_run(reproduced) == set()


def test_a_comment_in_the_parameters_runs_nothing(reproduced: Repository) -> None:
    with touched(reproduced.path / "params.yaml", "# a comment\n"):
        assert would_run(reproduced) == set()
