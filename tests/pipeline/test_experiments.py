"""The experiments that the README tells of, run again, give what metrics/experiments.csv says."""

from pathlib import Path

import pytest

from tests.committed_results import TOLERANCE, Experiment, agrees, experiments, flat
from tests.pipeline.conftest import Repository
from tests.repository import DEFAULTS, ROOT

pytestmark = pytest.mark.long

SHOWN_WHOLE = {"latent_factors": 16}


def first_of_each_kind() -> list[Experiment]:
    """One experiment for each set of parameters: that with the lowest seed."""
    kinds: dict[str, Experiment] = {}
    for experiment in sorted(experiments()[1:], key=lambda each: str(each.changes.get("seed"))):
        kinds.setdefault(str(experiment.changes | {"seed": None}), experiment)
    return list(kinds.values())


@pytest.fixture(scope="module")
def desk(real_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone of the last commit, in which experiment follows experiment."""
    return Repository(ROOT).clone(tmp_path_factory.mktemp("desk") / "clone")


@pytest.mark.parametrize(
    "experiment", first_of_each_kind(), ids=lambda experiment: str(experiment.changes).strip("{}")
)
def test_an_experiment_gives_the_same_again(desk: Repository, real_zip: Path, experiment: Experiment) -> None:
    """All of it where the README shows all of it; of others, what evaluate measures."""
    desk.set_parameters(**DEFAULTS | experiment.changes)
    stages = [] if experiment.changes == SHOWN_WHOLE else ["evaluate"]
    desk.dvc("repro", *stages, MOVIELENS_MIRROR=str(real_zip.parent))
    missing = {"newcomers", "clusters"} if stages else set()
    compared = 0
    for name in TOLERANCE.keys() - missing:
        for key, value in flat(desk.metrics(name)):
            if key in experiment.measured:
                recorded = experiment.measured[key]
                assert agrees(name, key, value, recorded), f"{key}: {value} now, {recorded} then"
                compared += 1
    assert compared > 40
