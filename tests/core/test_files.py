"""Files are written whole or not at all, with the same bytes each time."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from stages.core.files import write_bytes, write_csv, write_metrics


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
