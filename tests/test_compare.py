"""compare: differences with their intervals, of runs on the same ratings; means over seeds, in pairs."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages import compare
from stages.compare import read_experiments, read_run
from stages.core.cli import UserError
from stages.plotting.comparison import Run, compare_runs, compare_seeds, rank
from tests.conftest import Capture, Patch

NAMES = "Experiment,rev,State,validation_rmse,rmse,ndcg_at_10,n_test,epochs,seed,split,data/model.pt"
SHOWN = f"""{NAMES}
,workspace,,0.7,0.7,0.3,9,96,42,random,a
,main,,0.8,0.9,0.3,9,96,42,random,a
a-1,1,Success,0.80,0.80,0.30,9,128,1,random,a
a-2,2,Success,0.84,0.84,0.30,9,128,2,random,a
b-1,3,Success,0.70,0.79,0.31,9,32,1,random,a
b-2,4,Success,0.74,0.83,0.30,9,32,2,random,a
b-3,5,Success,0.70,0.70,0.30,9,32,3,random,a
running,6,Running,0.1,0.1,0.9,9,32,4,random,a
other,7,Success,0.9,0.9,0.30,9,96,42,temporal,a
"""


Experiments = tuple[pd.DataFrame, list[str]]
"""The table of experiments, and the names of their parameters."""


def make_run(name: str, error: float, ratings: int = 0, **parameters: object) -> Run:
    """60 users with 10 ratings each, by the given number, whose errors are near `error` stars."""
    size = error * np.random.default_rng(ratings).uniform(0.5, 1.5, 60)
    table = pd.DataFrame({"part": "test", "user": range(60)})
    scores = table.assign(method="model", n_ratings=10, absolute_error=10 * size, squared_error=10 * size**2)
    own = {"seed": 1, "split": "random", **parameters}
    return Run(name, own, table.assign(movie=ratings, rating=4.0), scores)


def differences(one: Run, other: Run) -> dict[str, list[str]]:
    """The difference, its interval and the verdict, by metric, on the test ratings."""
    *_, (_, _, rows) = compare_runs(one, other)
    return {metric: cells for metric, _, _, *cells in rows}


def test_a_difference_has_its_interval_and_a_verdict() -> None:
    found = differences(make_run("one", 0.8), make_run("two", 0.7, epochs=9))
    difference, interval, words = found["MAE, stars"]
    assert float(difference) == pytest.approx(-0.1, abs=0.02)
    low, high = map(float, interval.strip("[]").split(", "))
    assert low < float(difference) < high < 0
    assert words == "better, beyond chance"
    back = differences(make_run("two", 0.7), make_run("one", 0.8))
    assert back["RMSE, stars"][-1] == "worse, beyond chance"
    for other in (make_run("two", 0.8), make_run("two", 0.8, ratings=1, seed=2)):
        equal = differences(make_run("one", 0.8), other)
        assert {cells[-1] for cells in equal.values()} == {"within chance"}


REFUSED: dict[str, dict[str, object]] = {
    "split is random and temporal;": {"split": "temporal", "epochs": 9},
    "seed is 1 and 2;": {"seed": 2, "epochs": 9},
    "other data or code": {},
}


@pytest.mark.parametrize(("reason", "changes"), REFUSED.items())
def test_runs_with_other_held_out_ratings_are_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=f"one and two have other held-out ratings: {reason}"):
        differences(make_run("one", 0.8), make_run("two", 0.7, ratings=1, **changes))


@pytest.fixture
def experiments(tmp_path: Path) -> Experiments:
    (tmp_path / "table.csv").write_text(SHOWN)
    return read_experiments(tmp_path / "table.csv")


def test_settings_are_lines_with_means_the_lowest_validation_error_first(experiments: Experiments) -> None:
    ((_, header, rows),) = rank(*experiments)
    assert header == "run split epochs seeds validation_rmse rmse ndcg_at_10".split()
    assert rows == [
        ["b-1", "random", "32", "3", "0.7133 ± 0.0133", "0.7733 ± 0.0384", "0.3033 ± 0.0033"],
        ["main", "random", "96", "1", "0.8000", "0.9000", "0.3000"],
        ["a-1", "random", "128", "2", "0.8200 ± 0.0200", "0.8200 ± 0.0200", "0.3000 ± 0.0000"],
        ["other", "temporal", "96", "1", "0.9000", "0.9000", "0.3000"],
    ]


def test_seeds_that_both_settings_have_are_pairs(experiments: Experiments) -> None:
    *_, (heading, _, compared) = compare_seeds(*experiments, "a-1", "b-2")
    assert "2 seeds" in heading
    rows = {metric: cells for metric, *cells in compared}
    assert rows.keys() == {"validation_rmse", "rmse", "ndcg_at_10"}
    assert rows["validation_rmse"][2:] == ["-0.1000 ± 0.0000", "[-0.1000, -0.1000]", "better, beyond chance"]
    interval = "[-0.0585, +0.0685]"  # t(1) = 12.7
    assert rows["ndcg_at_10"][2:] == ["+0.0050 ± 0.0050", interval, "within chance"]


UNPAIRED = {
    "0 seeds in common": ("a-1", "main"),
    'called "c"; there are: main, a-1': ("a-1", "c"),
    "split is random and temporal": ("main", "other"),
}


@pytest.mark.parametrize(("message", "pair"), UNPAIRED.items())
def test_groups_that_cannot_be_paired_are_refused(experiments: Experiments, pair: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        list(compare_seeds(*experiments, *pair))


@pytest.mark.parametrize("form", compare.FORMATS)
def test_tables_are_printed(tmp_path: Path, monkeypatch: Patch, capsys: Capture, form: str) -> None:
    (tmp_path / "table.csv").write_text(SHOWN)
    monkeypatch.setattr("sys.argv", ["compare", "--csv", str(tmp_path / "table.csv"), "--format", form])
    compare.main()
    shown = capsys.readouterr().out
    assert "0.7133 ± 0.0133" in shown
    assert {"text": "b-1  ", "markdown": "|:---", "latex": r"validation\_rmse"}[form] in shown


def test_other_tables_and_parameters_are_an_error(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    table, parameters = tmp_path / "table.csv", tmp_path / "params.yaml"
    for content in (b"a,b\n1,2\n", b"", b"\xff\0\x1b", b'a,"b\n1', b"Experiment,seed,rmse\n1\n1,2,3,4"):
        table.write_bytes(content)
        with pytest.raises(UserError, match=r"table\.csv"):
            read_experiments(table)
    table.write_text(SHOWN)
    for text in ("", "a: [", "- a", "\0", "rmse: 1", "seed: 1", "epochs: 9", "split: " + "[" * 999):
        parameters.write_text(text)
        with pytest.raises(UserError, match=r"params\.yaml"):
            read_experiments(table)


def test_damaged_results_are_an_error(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    run = make_run("one", 0.8)
    texts = "seed: 1", run.predictions.to_csv(), run.scores.to_csv()
    contents = dict(zip(compare.FILES, texts, strict=True))
    for path, content in contents.items():
        Path(path).write_text(content)
    assert read_run("workspace").parameters == {"seed": 1}
    for path, content in contents.items():
        for damaged in ("", "a,b\n1,2", "\0"):
            Path(path).write_text(damaged)
            with pytest.raises(UserError, match=path):
                read_run("workspace")
        Path(path).write_text(content)
