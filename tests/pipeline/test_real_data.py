"""The real pipeline on ml-latest-small gives the committed results, whatever the number of threads."""

from pathlib import Path

import pytest

from tests.committed_results import TOLERANCE, differences, experiments, flat, metrics
from tests.pipeline.conftest import Repository
from tests.repository import ROOT, STAGES

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def one_thread(real_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone of the last commit in which all of it was run on one thread."""
    clone = Repository(ROOT).clone(tmp_path_factory.mktemp("real") / "clone")
    ran = clone.dvc("repro", MOVIELENS_MIRROR=str(real_zip.parent), OMP_NUM_THREADS="1").ran
    assert ran >= set(STAGES) - {"newcomers", "evaluate", "report"}  # these may be as Git has them
    return clone


@pytest.mark.parametrize("name", TOLERANCE)
def test_metrics_agree_with_the_committed_ones(one_thread: Repository, name: str) -> None:
    found, committed = dict(flat(one_thread.metrics(name))), dict(flat(metrics(name)))
    assert found.keys() == committed.keys()
    assert differences(name, found, committed) == []


def test_every_metrics_file_is_compared() -> None:
    assert set(TOLERANCE) == {path.stem for path in (ROOT / "metrics").glob("*.json")}


def test_two_threads_give_the_same_bytes(one_thread: Repository, real_zip: Path) -> None:
    lock = one_thread.path / "dvc.lock"
    before = lock.read_text()
    one_thread.dvc("repro", "--force", MOVIELENS_MIRROR=str(real_zip.parent), OMP_NUM_THREADS="2")
    assert lock.read_text() == before


def test_the_experiments_belong_to_the_committed_metrics() -> None:
    """If they do not, metrics/README.md says how to run them again."""
    first = experiments()[0]
    assert first.changes == {}
    committed = {key: value for name in TOLERANCE for key, value in flat(metrics(name))}
    shared = committed.keys() & first.measured.keys()
    assert len(shared) > 70
    assert {key: first.measured[key] for key in shared} == {key: committed[key] for key in shared}


def test_an_experiment_gives_its_row_again(one_thread: Repository, real_zip: Path) -> None:
    recorded = next(each for each in experiments() if each.changes == {"latent_factors": 16}).measured
    one_thread.dvc("exp", "run", "-S", "latent_factors=16", MOVIELENS_MIRROR=str(real_zip.parent))
    for name in TOLERANCE:
        found = dict(flat(one_thread.metrics(name)))
        expected = {key: recorded[key] for key in found if key in recorded}
        assert expected, name
        assert differences(name, found, expected) == []
