"""The command as a process of its own: what it imports, closed streams, pipes and encodings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import ROOT

IMPORTED = """
import sys
from stages import recommend
try:
    recommend.main(sys.argv[1:])
except SystemExit:
    pass
print(*sorted(sys.modules), file=sys.stderr)
"""


def process(*arguments: str, shell: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python by a shell, with redirections."""
    command = ["bash", "-c", f'"$0" "$@" {shell}', sys.executable, *arguments]
    environment = os.environ | environment
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def recommend(data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return process("-m", "stages.recommend", *arguments, "--data", str(data), **settings)


def test_help_and_a_recommendation_import_only_what_they_need(data: Path) -> None:
    nothing, asked = process("-c", IMPORTED), process("-c", IMPORTED, "--help")
    assert nothing.stdout == asked.stdout
    assert "--like" in asked.stdout
    assert {"torch", "pandas", "numpy", "rich"}.isdisjoint(nothing.stderr.split())
    done = process("-c", IMPORTED, "Heat", "--data", str(data))
    assert "Falling" in done.stdout
    assert {"sklearn", "matplotlib", "scipy", "rich"}.isdisjoint(done.stderr.split())


@pytest.mark.parametrize("closed", ["<&- 2>&-", ">&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(data: Path, tmp_path: Path, closed: str) -> None:
    (tmp_path / "mine.csv").write_text("title,rating\nHeat,4\nQwertyuiop,4\n")
    done = recommend(data, "--watched", str(tmp_path / "mine.csv"), shell=closed)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Qwertyuiop" not in done.stdout
    assert ("Falling" in done.stdout) == (closed == "<&- 2>&-")


def test_an_early_end_and_a_small_encoding_are_no_errors_but_an_unknown_film_is(data: Path) -> None:
    assert recommend(data, "Heat (1995)", shell="| true").stderr == ""
    done = recommend(data, "Heat", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "note: Heat is Heat (1995)\n")
    assert ", ? 0." in done.stdout
    failed = recommend(data, "Qwertyuiop")
    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (1, "", 1)
    assert failed.stderr.startswith("recommend: ")
