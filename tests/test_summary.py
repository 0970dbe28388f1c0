"""summary: experiments are averaged over their seeds, and kept apart by their other parameters."""

import io
import subprocess
import sys

import pandas as pd
import pytest

from stages.core.cli import UserError
from stages.summary import summarise
from tests.repository import ROOT

SHOWN = """Experiment,rev,metrics/test.json:rmse,coverage.80,params.yaml:epochs,seed,solver,unrelated
,workspace,0.9,0.8,128,42,gibbs,1
a,1,0.80,0.79,128,1,gibbs,1
b,2,0.84,0.81,128,2,gibbs,1
c,3,0.70,,128,1,als,1
d,4,,,128,3,gibbs,1
e,5,-,-,128,4,gibbs,1
"""


def test_runs_that_differ_only_in_their_seed_are_averaged_and_the_best_are_first() -> None:
    lines = summarise(pd.read_csv(io.StringIO(SHOWN)), ["epochs", "seed", "solver"])
    assert lines.to_dict("records") == [
        {"solver": "als", "n": 1, "rmse": "0.7000", "coverage.80": ""},
        {"solver": "gibbs", "n": 2, "rmse": "0.8200 ± 0.0200", "coverage.80": "0.8000 ± 0.0100"},
    ]


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "".join(SHOWN.splitlines(keepends=True)[:2])])
def test_without_experiments_there_is_an_error(content: str) -> None:
    with pytest.raises(UserError, match="dvc exp"):
        summarise(pd.read_csv(io.StringIO(content)), ["seed"])


def test_the_command_reads_standard_input() -> None:
    command = [sys.executable, "-m", "stages.summary"]
    done = subprocess.run(command, cwd=ROOT, input=SHOWN, capture_output=True, text=True, check=True)
    assert "0.8200 ± 0.0200" in done.stdout
    wrong = subprocess.run(command, cwd=ROOT, input="", capture_output=True, text=True)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("summary: ")
