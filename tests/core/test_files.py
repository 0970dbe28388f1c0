"""Outputs appear whole or not at all, and are the same bytes each time."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from stages.core.files import write_bytes, write_csv, write_metrics


def test_metrics_are_rounded_to_6_digits_at_every_depth(tmp_path: Path) -> None:
    write_metrics(tmp_path / "m.json", {"a": 1 / 3, "row": {"b": 2 / 3, "n": 7}})
    assert json.loads((tmp_path / "m.json").read_text()) == {"a": 0.333333, "row": {"b": 0.666667, "n": 7}}


def test_metrics_of_generated_ratings_say_so(tmp_path: Path) -> None:
    write_metrics(tmp_path / "m.json", {"a": 1}, synthetic=True)
    assert json.loads((tmp_path / "m.json").read_text()) == {"synthetic": True, "a": 1}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_metric_that_is_not_finite_is_refused_and_the_old_file_stays(tmp_path: Path, value: float) -> None:
    path = tmp_path / "m.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_metrics(path, {"a": value})
    assert path.read_text() == "old"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    (path / "inside").mkdir(parents=True)  # a directory in the way cannot be replaced by a file
    with pytest.raises(OSError, match="directory"):
        write_bytes(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_write_removes_what_one_that_was_killed_left_and_nothing_of_one_that_still_runs(
    tmp_path: Path,
) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    for name in (
        f".m.csv.{done.pid}.part",
        f".m.csv.{os.getppid()}.part",
        ".m.csv.own.part",
        f".n.csv.{done.pid}.part",
    ):
        (tmp_path / name).write_text("half")
    write_bytes(tmp_path / "m.csv", b"whole")
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {"m.csv", f".m.csv.{os.getppid()}.part", ".m.csv.own.part", f".n.csv.{done.pid}.part"}


def test_csv_ends_its_lines_alike_on_every_platform_and_leaves_gaps_empty(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame({"a": [1, 2], "b": [0.5, math.nan]}))
    assert (tmp_path / "t.csv").read_bytes() == b"a,b\n1,0.5\n2,\n"
