"""The command as a process of its own: what it imports, and how it ends."""

import os
import subprocess
import sys
from pathlib import Path

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


def process(
    *arguments: str, code: str = "", stdout: int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *(["-c", code] if code else ["-m", "stages.recommend"]), *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )


def test_without_arguments_and_a_terminal_the_help_is_printed_before_anything_slow_is_imported() -> None:
    nothing, asked = process(code=IMPORTED), process("--help", code=IMPORTED)
    assert nothing.stdout == asked.stdout
    assert "examples:" in asked.stdout
    for answered in (nothing, asked):
        assert {"torch", "pandas", "numpy", "rich"}.isdisjoint(answered.stderr.split())
    assert process().returncode == 0


def test_an_answer_needs_neither_pandas_nor_sklearn_nor_matplotlib(data: Path) -> None:
    answered = process("--like", "Heat", "--data", str(data), code=IMPORTED)
    assert "Falling" in answered.stdout
    modules = set(answered.stderr.split())
    assert "torch" in modules
    assert modules.isdisjoint({"pandas", "sklearn", "matplotlib", "scipy"})


def test_an_error_is_one_line(data: Path) -> None:
    failed = process("--like", "Qwertyuiop", "--data", str(data))
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith('recommend: no movie is called "Qwertyuiop"')
    assert failed.stderr.count("\n") == 1


def test_a_reader_that_has_had_enough_is_no_error(data: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    left = process("--like", "Heat", "--data", str(data), stdout=writer)
    os.close(writer)
    assert left.stderr == ""


def test_an_encoding_without_the_signs_is_no_reason_to_fail(data: Path) -> None:
    answered = process("--like", "Heat", "--data", str(data), PYTHONIOENCODING="ascii")
    assert (answered.returncode, answered.stderr) == (0, "")
    assert " ? 0." in answered.stdout
