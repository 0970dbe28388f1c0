"""Files are written whole or not at all, with the same bytes each time; invalid files are an error."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jaxtyping import Float, Int

from stages.core.cli import UserError
from stages.core.files import check_index, load, typed, write_bytes, write_csv, write_metrics


def test_metrics_are_rounded_to_6_digits_at_every_depth(tmp_path: Path) -> None:
    write_metrics(tmp_path / "m.json", {"a": 1 / 3, "row": {"b": 2 / 3, "n": 7}})
    assert json.loads((tmp_path / "m.json").read_text()) == {"a": 0.333333, "row": {"b": 0.666667, "n": 7}}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_metric_that_is_not_finite_is_an_error_and_keeps_the_old_file(tmp_path: Path, value: float) -> None:
    path = tmp_path / "m.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_metrics(path, {"a": value})
    assert path.read_text() == "old"


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    (tmp_path / "directory" / "inside").mkdir(parents=True)  # cannot be replaced by a file
    with pytest.raises(OSError, match="directory"):
        write_bytes(tmp_path / "directory", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


def test_a_write_replaces_what_an_interrupted_write_left(tmp_path: Path) -> None:
    (tmp_path / ".m.csv.part").write_text("half")
    write_bytes(tmp_path / "m.csv", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_csv_has_unix_line_ends_and_empty_cells_for_missing_values(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame({"a": [1, 2], "b": [0.5, math.nan]}))
    assert (tmp_path / "t.csv").read_bytes() == b"a,b\n1,0.5\n2,\n"


@typed
@dataclass(frozen=True)
class Points:
    position: Float[np.ndarray, "n 2"]
    index: Int[np.ndarray, " n"]
    count: int


def read_points(path: Path) -> Points:
    """Points from three lines: numbers, indices, a count."""
    position, index, count = (json.loads(line) for line in path.read_text().splitlines())
    points = Points(np.array(position), np.array(index), count)
    check_index("index", points.index, 3)
    return points


INVALID = {
    "text": ("<html>", ["char 0"]),
    "another shape": ("[[0.5, 1.0]]\n[0, 1]\n1", ["index", "2", "'n'"]),
    "another type": ("[[0, 1]]\n[0]\n1", ["position", "Float"]),
    "an index out of range": ("[[0.5, 1.0]]\n[3]\n1", ["index", "3 to 3", "0 to 2"]),
}


@pytest.mark.parametrize(("content", "parts"), INVALID.values(), ids=INVALID)
def test_a_file_is_reported_in_one_short_line_that_has(
    tmp_path: Path, content: str, parts: list[str]
) -> None:
    path = tmp_path / "points.txt"
    path.write_text(content)
    with pytest.raises(UserError) as error:
        load(path, read_points, "points")
    for part in [str(path), *parts, "dvc repro -f points"]:
        assert part in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 200
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None], ids=["a directory", "nothing"])
def test_a_path_is_reported_that_is(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "points.txt")
    with pytest.raises(UserError, match=r"points\.txt .*dvc repro"):
        load(tmp_path / "points.txt", read_points, "points")
