"""The metrics and experiments that are committed, and how far a run may be from them."""

import csv
import io
import json
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from tests.repository import DEFAULTS, ROOT

TOLERANCE = {
    "data": 0.0,
    "train": 0.004,
    "newcomers": 0.02,
    "test": 0.01,
    "clusters": 0.02,
}
"""Absolute, or relative for numbers above 1: another processor sums in another order."""
SENSITIVE = {
    "stability": 0.1,
    "genre_coherence_z": 0.2,
    "tag_coherence_z": 0.2,
}
"""The same, for numbers that change when a few movies change their cluster."""


def text(path: str) -> str:
    """A file as Git has it, since the folder may hold another run's."""
    show = subprocess.run(["git", "show", f":{path}"], cwd=ROOT, capture_output=True, encoding="utf-8")
    return show.stdout if show.returncode == 0 else (ROOT / path).read_text(encoding="utf-8")


def metrics(name: str) -> Any:
    """The content of metrics/NAME.json."""
    return json.loads(text(f"metrics/{name}.json"))


def flat(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a metrics file, by its whole key."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def differences(name: str, found: dict[str, Any], committed: dict[str, Any]) -> list[str]:
    """Values of metrics/NAME.json that differ from the committed ones by more than the tolerance."""

    def agree(key: str) -> bool:
        one, other = found.get(key), committed[key]
        if not isinstance(one, int | float) or not isinstance(other, int | float):
            return bool(one == other)
        tolerance = SENSITIVE.get(key) or TOLERANCE[name]
        return bool(abs(one - other) <= tolerance * max(1, abs(other)))

    return [f"{key}: {found.get(key)}, committed {committed[key]}" for key in committed if not agree(key)]


class Experiment(NamedTuple):
    """A row of metrics/experiments.csv."""

    changes: dict[str, object]
    """Parameters that are not the defaults."""
    measured: dict[str, Any]
    """Numbers of all metrics files, by their whole keys."""


def experiments() -> list[Experiment]:
    """All rows; the first is the commit that they belong to, without changes."""
    table = csv.DictReader(io.StringIO(text("metrics/experiments.csv")))
    rows = [
        {name.removeprefix("params.yaml:"): yaml.safe_load(cell) for name, cell in row.items()}
        for row in table
    ]
    return [
        Experiment(
            {key: value for key, value in row.items() if key in DEFAULTS and value != DEFAULTS[key]},
            {key: value for key, value in row.items() if key not in DEFAULTS and value is not None},
        )
        for row in rows
    ]
