"""The results that are here are those of the last commit, within what another processor may make of them."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stages_of_the_pipeline import ROOT

TOLERANCE = {
    "metrics/data.json": 0.0,
    "metrics/baselines.json": 0.002,
    "metrics/train.json": 0.004,
    "metrics/newcomers.json": 0.02,
    "metrics/test.json": 0.01,
    "metrics/clusters.json": 0.02,
}
"""How far a number may be from the committed one: so much, or that share of it where it is above 1."""
UNSTEADY = {
    "median_popularity": 0.05,
    "smallest": 0.2,
    "largest": 0.2,
    "stability": 0.1,
    "genre_coherence_z": 0.2,
    "tag_coherence_z": 0.2,
    "genre_coherence_z_without_genres": 0.2,
    "notebook.smallest": 0.2,
    "notebook.largest": 0.2,
    "notebook.stability": 0.1,
    "notebook.genre_coherence_z": 0.2,
    "notebook.tag_coherence_z": 0.6,
}
"""The same, for numbers that a few movies on the other side of a border change."""


def numbers(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a metrics file, by its whole key."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


@pytest.mark.parametrize("path", TOLERANCE)
def test_results_are_the_committed_ones_within_the_tolerance(path: str) -> None:
    show = subprocess.run(
        ["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    committed = dict(numbers(json.loads(show.stdout)))
    found = dict(numbers(json.loads((ROOT / path).read_text())))
    assert found.keys() == committed.keys()
    for key, value in committed.items():
        if isinstance(value, str):
            assert found[key] == value, key
        else:
            allowed = UNSTEADY.get(key, TOLERANCE[path]) * max(1, abs(value))
            assert found[key] == pytest.approx(value, rel=0, abs=allowed), key


def test_every_metrics_file_has_a_tolerance() -> None:
    assert set(TOLERANCE) == {str(path.relative_to(ROOT)) for path in (ROOT / "metrics").glob("*.json")}
