"""What the repository says that its runs give: metrics and experiments that are committed, or staged."""

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
    "baselines": 0.002,
    "train": 0.004,
    "newcomers": 0.02,
    "test": 0.01,
    "clusters": 0.02,
}
"""How far a number of a file may be from the committed one: so much, or that share of it if that is more."""
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


def text(path: str) -> str:
    """A file as Git has it: what lies in the folder may be of other parameters, or of another machine."""
    show = subprocess.run(["git", "show", f":{path}"], cwd=ROOT, capture_output=True, encoding="utf-8")
    return show.stdout if show.returncode == 0 else (ROOT / path).read_text(encoding="utf-8")


def metrics(name: str) -> dict[str, Any]:
    """The content of metrics/NAME.json."""
    content: dict[str, Any] = json.loads(text(f"metrics/{name}.json"))
    return content


def flat(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a metrics file, by its whole key."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def agrees(name: str, key: str, found: object, committed: object) -> bool:
    """Whether a value of metrics/NAME.json is the committed one, within its tolerance."""
    if not isinstance(found, int | float) or not isinstance(committed, int | float):
        return found == committed
    return abs(found - committed) <= UNSTEADY.get(key, TOLERANCE[name]) * max(1, abs(committed))


class Experiment(NamedTuple):
    """A run with other parameters, as `dvc exp show --csv` has it."""

    changes: dict[str, object]
    """Parameters that are not the defaults."""
    measured: dict[str, Any]
    """Numbers of all metrics files, by their whole keys."""


def experiments() -> list[Experiment]:
    """Those of metrics/experiments.csv; the first is the commit that they belong to, without changes."""
    return [
        Experiment(
            {key: value for key, value in row.items() if key in DEFAULTS and value != DEFAULTS[key]},
            {key: value for key, value in row.items() if key not in DEFAULTS and value is not None},
        )
        for row in map(_read, csv.DictReader(io.StringIO(text("metrics/experiments.csv"))))
    ]


def _read(row: dict[str, str]) -> dict[str, object]:
    return {name.removeprefix("params.yaml:"): yaml.safe_load(cell) for name, cell in row.items()}
