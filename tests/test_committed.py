"""The results that are here are the committed ones, within what another processor may make of them."""

import json

import pytest

from tests.committed_results import TOLERANCE, agrees, experiments, flat, metrics
from tests.repository import ROOT


@pytest.mark.parametrize("name", TOLERANCE)
def test_results_are_the_committed_ones_within_the_tolerance(name: str) -> None:
    committed = dict(flat(metrics(name)))
    found = dict(flat(json.loads((ROOT / "metrics" / f"{name}.json").read_text())))
    assert found.keys() == committed.keys()
    assert [key for key, value in committed.items() if not agrees(name, key, found[key], value)] == []


def test_every_metrics_file_has_a_tolerance() -> None:
    assert set(TOLERANCE) == {path.stem for path in (ROOT / "metrics").glob("*.json")}


def test_the_experiments_are_of_the_code_that_gave_the_metrics() -> None:
    """If they are not, the README's section on splits and seeds says how to run them again."""
    first = experiments()[0]
    assert first.changes == {}
    committed = {key: value for name in TOLERANCE for key, value in flat(metrics(name))}
    shared = committed.keys() & first.measured.keys()
    assert len(shared) > 70
    assert {key: first.measured[key] for key in shared} == {key: committed[key] for key in shared}
