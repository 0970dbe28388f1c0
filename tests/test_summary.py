"""summary: seeds are averaged, everything else is kept apart."""

import io
import subprocess
import sys

import pandas as pd
import pytest

from stages.core.cli import UserError
from stages.summary import summarise
from tests.repository import ROOT

SHOWN = """Experiment,rev,rmse,coverage.80,params.yaml:epochs,seed,solver,unrelated
,workspace,0.9,0.8,128,42,gibbs,1
a,1,0.80,0.79,128,1,gibbs,1
b,2,0.84,0.81,128,2,gibbs,1
c,3,0.70,,128,1,als,1
d,4,,,128,3,gibbs,1
e,5,-,-,128,4,gibbs,1
"""
KEYS = ["epochs", "seed", "solver"]


def test_runs_that_differ_only_in_their_seed_are_averaged_and_the_best_come_first() -> None:
    lines = summarise(pd.read_csv(io.StringIO(SHOWN)), KEYS)
    assert lines.to_dict("records") == [
        {"solver": "als", "n": 1, "rmse": "0.7000", "coverage.80": ""},
        {"solver": "gibbs", "n": 2, "rmse": "0.8200 ± 0.0200", "coverage.80": "0.8000 ± 0.0100"},
    ]


@pytest.mark.parametrize(("rows", "message"), [(2, "no finished experiments"), (0, "no test metrics")])
def test_without_experiments_it_says_what_to_do(rows: int, message: str) -> None:
    content = "".join(SHOWN.splitlines(keepends=True)[:rows]) or "a,b\n1,2\n"
    with pytest.raises(UserError, match=message):
        summarise(pd.read_csv(io.StringIO(content)), KEYS)


def test_it_reads_what_is_piped_into_it() -> None:
    command = [sys.executable, "-m", "stages.summary"]
    done = subprocess.run(command, cwd=ROOT, input=SHOWN, capture_output=True, text=True, check=True)
    assert "0.8200 ± 0.0200" in done.stdout
    wrong = subprocess.run(command, cwd=ROOT, input="", capture_output=True, text=True)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("summary: ")
