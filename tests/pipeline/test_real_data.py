"""The real pipeline on ml-latest-small: its results, whatever the number of threads, and its page."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from stages.recommender.artifacts import Artifacts
from tests.committed_results import TOLERANCE, differences, experiments, flat, metrics
from tests.page.test_explorer import CHROMIUM, compare, data_of, opened
from tests.pipeline.conftest import Repository
from tests.repository import ROOT, STAGES

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def one_thread(real_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone of the last commit in which all of it was run on one thread."""
    clone = Repository(ROOT).clone(tmp_path_factory.mktemp("real") / "clone")
    ran = clone.dvc("repro", MOVIELENS_MIRROR=str(real_zip.parent), OMP_NUM_THREADS="1").ran
    assert ran == set(STAGES)
    return clone


@pytest.mark.parametrize("name", TOLERANCE)
def test_metrics_agree_with_the_committed_ones(one_thread: Repository, name: str) -> None:
    found, committed = dict(flat(one_thread.metrics(name))), dict(flat(metrics(name)))
    assert found.keys() == committed.keys()
    assert differences(name, found, committed) == []


def test_every_metrics_file_is_compared() -> None:
    assert set(TOLERANCE) == {path.stem for path in (ROOT / "metrics").glob("*.json")}


def test_two_threads_give_the_same_bytes(one_thread: Repository) -> None:
    """Of the results; test_workflows.py does the same with all stages on generated ratings."""
    lock = one_thread.path / "dvc.lock"
    before = lock.read_text()
    stages = ["baselines", "train", "evaluate", "points", "cluster", "report"]
    one_thread.dvc("repro", "--force", "--single-item", *stages, OMP_NUM_THREADS="2")
    assert lock.read_text() == before


def test_the_experiments_belong_to_the_committed_metrics() -> None:
    """If they do not, metrics/README.md says how to run them again."""
    first = experiments()[0]
    assert first.changes == {}
    committed = {key: value for name in TOLERANCE for key, value in flat(metrics(name))}
    shared = committed.keys() & first.measured.keys()
    assert len(shared) > 20
    assert {key: first.measured[key] for key in shared} == {key: committed[key] for key in shared}


def test_an_experiment_gives_its_row_again(one_thread: Repository, tmp_path: Path) -> None:
    without_times = {"drift_minutes": [], "study": False}
    recorded = next(each for each in experiments() if each.changes == without_times).measured
    copy = one_thread.copy(tmp_path / "copy")
    copy.dvc("exp", "run", "-S", "drift_minutes=[]", "-S", "study=false")
    for name in set(TOLERANCE) - {"newcomers"}:
        found = dict(flat(copy.metrics(name)))
        expected = {key: recorded[key] for key in found if key in recorded}
        assert expected, name
        assert differences(name, found, expected) == []


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on the PATH")
def test_the_page_recommends_as_the_terminal_does(one_thread: Repository) -> None:
    path = one_thread.path / "plots" / "explorer.html"
    artifacts, rng = Artifacts(one_thread.path / "data"), np.random.default_rng(0)
    ratings, text = artifacts.ratings, path.read_text(encoding="utf-8")
    known = {int(movie_id) for movie_id in data_of(text)["movies"]["id"]}
    people = []
    for user in rng.choice(ratings.n_users, 50, replace=False):
        own = ratings[ratings.user == int(user)]
        given = own[torch.from_numpy(rng.permutation(len(own))[: rng.choice([3, 5, 10])])]
        rated = zip(given.movie.tolist(), given.rating.tolist(), strict=True)
        people.append([pair for pair in rated if artifacts.movies["movie_id"][pair[0]] in known])
    titles = (ROOT / "tests" / "recommender" / "titles.csv").read_text(encoding="utf-8")
    expected = [row for row in csv.DictReader(titles.splitlines()) if row["expected"] != "ask"]
    with opened(text) as page:
        overlap, difference, _ = compare(page, artifacts, people)
        found = [page.evaluate("text => explorer.search(text)", row["title"]) for row in expected]
    assert overlap >= 9
    assert difference <= 0.1
    assert path.stat().st_size <= 3_000_000
    for row, ids in zip(expected, found, strict=True):
        assert int(row["expected"]) in ids, row["title"]
