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
from stages.core.files import check_fields, check_index, load, write_bytes, write_csv, write_metrics


def test_metrics_are_rounded_to_6_digits_and_those_not_finite_keep_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    write_metrics(path, {"a": 1 / 3, "row": {"b": 2 / 3, "n": 7}})
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="JSON compliant"):
            write_metrics(path, {"a": value})
    assert json.loads(path.read_text()) == {"a": 0.333333, "row": {"b": 0.666667, "n": 7}}


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    (tmp_path / "directory" / "inside").mkdir(parents=True)  # cannot be replaced by a file
    with pytest.raises(OSError, match="directory"):
        write_bytes(tmp_path / "directory", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


def test_csv_has_unix_line_ends_and_empty_cells_and_replaces_a_part(tmp_path: Path) -> None:
    (tmp_path / ".t.csv.part").write_text("half")
    write_csv(tmp_path / "t.csv", pd.DataFrame({"a": [1, 2], "b": [0.5, math.nan]}))
    assert (tmp_path / "t.csv").read_bytes() == b"a,b\n1,0.5\n2,\n"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@dataclass(frozen=True)
class Points:
    position: Float[np.ndarray, "n 2"]
    index: Int[np.ndarray, " n"]
    count: int


def read_points(path: Path) -> Points:
    """Points from three lines: numbers, indices, a count."""
    position, index, count = (json.loads(line) for line in path.read_text().splitlines())
    values = {"position": np.array(position), "index": np.array(index), "count": count}
    check_fields(Points, values)
    check_index("index", values["index"], 3)
    return Points(**values)


INVALID = {
    "text": ("<html>", ["char 0"]),
    "another shape": ("[[0.5, 1.0]]\n[0, 1]\n1", ["index is int64[2]", "Int[ndarray, 'n']"]),
    "another type": ("[[0, 1]]\n[0]\n1", ["position is int64[1, 2]", "Float"]),
    "an index out of range": ("[[0.5, 1.0]]\n[3]\n1", ["index", "3 to 3", "0 to 2"]),
}


@pytest.mark.parametrize(("content", "parts"), INVALID.values(), ids=INVALID)
def test_a_file_is_reported_in_one_line_that_has(tmp_path: Path, content: str, parts: list[str]) -> None:
    path = tmp_path / "points.txt"
    path.write_text(content)
    with pytest.raises(UserError) as error:
        load(path, read_points, "points")
    for part in [str(path), *parts, "dvc repro -f points"]:
        assert part in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 150
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None], ids=["a directory", "nothing"])
def test_a_path_is_reported_that_is(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "points.txt")
    with pytest.raises(UserError, match=r"points\.txt .*dvc repro"):
        load(tmp_path / "points.txt", read_points, "points")
