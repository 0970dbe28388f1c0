"""The READMEs show what the commands print, link to files that exist, and agree with metrics/."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stages.compare import read_experiments
from stages.plotting.comparison import compare_seeds
from tests.committed_results import experiments, flat, metrics, text
from tests.recommender.builders import RISER, user_id
from tests.repository import ROOT, STAGES

READMES = {path.parent.name: path for path in ROOT.glob("*/README.md")}
READMES |= {"": ROOT / "README.md", ".github": ROOT / ".github" / "CONTRIBUTING.md"}
PAGES = {name: path.read_text(encoding="utf-8") for name, path in READMES.items()}
LINE = r"^\d+ +(.+?\(\d+\)) +\d+ +([\d.]+)"
RESULTS = {name: text(f"metrics/{name}.md") for name in ("results", "temporal")}
MODEL = "**this model**"
METRICS = {"RMSE, stars": "rmse", "MAE, stars": "mae", "NDCG@10": "ndcg_at_10", "Recall@10": "recall_at_10"}

SAVED = read_experiments(ROOT / "metrics" / "experiments.csv")
SEEDS = "| with | RMSE, stars | minus the default's | NDCG@10 | minus the default's | inside 80 % |"
SETTINGS = {
    "nothing: the default": "default-1",
    "`-S 'user_effects=[]'`": "no_effects-1",
    "`-S 'drift_minutes=[]'`: without times": "no_times-1",
}
"""Rows of the table of settings, and an experiment of each."""


def table(content: str, header: str) -> dict[str, list[str]]:
    """The cells of a table by the first of each row."""
    lines = content.split(f"{header}\n")[1].split("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return {first: others for first, *others in cells}


def results(page: str, section: str) -> dict[str, dict[str, str]]:
    """The values of the first table of a section of a page of results, by method and metric."""
    content = re.sub(r" \[.*?\]", "", RESULTS[page].split(f"# {section}\n")[1])  # without intervals
    header = next(line for line in content.splitlines() if line.startswith("| "))
    names = [name.strip() for name in header[1:-1].split("|")][1:]
    return {row: dict(zip(names, cells, strict=True)) for row, cells in table(content, header).items()}


def measured_with(**changes: object) -> dict[str, Any]:
    """The metrics of the only experiment with these parameters."""
    (measured,) = (experiment.measured for experiment in experiments() if experiment.changes == changes)
    return measured


@pytest.mark.parametrize("page", PAGES)
def test_linked_files_exist(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[page]):
        assert target.startswith("https://") or (ROOT / page / target).exists(), target


def test_the_results_are_those_of_the_page_of_results() -> None:
    shown, found = table(PAGES[""], "| | RMSE, stars | NDCG@10 |"), results("results", "Test ratings")
    assert len(shown) >= 4
    assert shown == {name: [found[name]["RMSE, stars"], found[name]["NDCG@10"]] for name in shown}


def test_the_errors_by_question_are_those_of_the_results_and_experiments() -> None:
    shown = table(PAGES[""], "| RMSE, stars | biases | neighbours | this model |")
    methods = "user and movie biases", "item neighbours", MODEL
    known, visit, new = (
        [results("results", part).get(method, {}).get("RMSE, stars", "") for method in methods]
        for part in ("Test ratings", "New visits", "After 10 ratings")
    )
    without_times = f"{measured_with(drift_minutes=[], study=False)['rmse']:.3f}"
    assert [*shown.values()] == [known, [*known[:2], without_times], visit, new]
    boosted = measured_with(boosting=True, study=False)["boosted_rmse"]
    assert f"they reach {boosted:.3f}\nin the first row" in PAGES[""]


@pytest.mark.parametrize("page", RESULTS)
def test_the_pages_of_results_are_those_of_the_metrics(page: str) -> None:
    """This page is the report's; the other was copied from an experiment."""
    committed = {key: value for name in ("train", "test") for key, value in flat(metrics(name))}
    numbers = committed if page == "results" else measured_with(split="temporal")
    for section, prefix in (("Test ratings", ""), ("Validation ratings", "validation_")):
        keys = {name: prefix + key for name, key in METRICS.items() if prefix + key in numbers}
        expected = {name: f"{numbers[key]:.3f}" for name, key in keys.items()}
        assert len(expected) >= 2
        assert expected.items() <= results(page, section)[MODEL].items()


def test_the_difference_shown_is_that_of_the_experiment() -> None:
    parts = re.search(r"^Validation ratings.*?^Test ratings.*?```", PAGES[""], flags=re.MULTILINE | re.DOTALL)
    assert parts
    rows = re.findall(r"^[A-Z]\S+(?: stars)? +(\S+) +(\S+) +(\S+) +\[", parts[0], flags=re.MULTILINE)
    before, after = experiments()[0].measured, measured_with(latent_factors=16)
    keys = [prefix + key for prefix in ("validation_", "") for key in METRICS.values()]
    measured = [each for each in zip(keys, rows, strict=True) if each[0] in before]
    assert len(measured) == 6
    for key, cells in measured:
        assert cells[:2] == (f"{before[key]:.4f}", f"{after[key]:.4f}"), key
        assert float(cells[2]) == pytest.approx(after[key] - before[key], abs=6e-5)


def means_over_seeds(first: str, second: str) -> dict[str, list[str]]:
    """Means of both groups of five runs and their difference, by metric."""
    *_, (heading, _, compared) = compare_seeds(*SAVED, first, second)
    assert "5 seeds" in heading
    return {metric: cells for metric, *cells in compared}


@pytest.mark.parametrize("setting", SETTINGS)
def test_means_over_seeds_are_those_of_the_experiments(setting: str) -> None:
    found = means_over_seeds("default-1", SETTINGS[setting])
    expected = [*found["rmse"][1:3], *found["ndcg_at_10"][1:3], found["coverage_80"][1]]
    if SETTINGS[setting] == "default-1":
        expected[1] = expected[3] = ""
    assert table(PAGES["metrics"], SEEDS)[setting] == expected


def test_means_on_a_published_fold_are_those_of_the_experiments() -> None:
    shown = table(PAGES["metrics"], "| on u1 | RMSE, stars | uses besides ratings |")
    assert shown["the default, without times"][0] == means_over_seeds("u1-1", "u1-1")["rmse"][0]


def test_the_example_in_python_runs_on_the_data_of_a_test(data: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGES["stages"], flags=re.DOTALL)
    assert len(example.splitlines()) <= 10
    for here, there in {"Alien": "Toy Story", "42": str(user_id(RISER)), '"data"': repr(str(data))}.items():
        example = example.replace(here, there)
    namespace: dict[str, Any] = {}
    exec(example, namespace)
    found = namespace["recommender"].recommend({"Toy Story": 5, "Heat": 4}, count=5)
    assert len(found) == 5


@pytest.mark.skipif(not (ROOT / "data" / "model.pt").exists(), reason="dvc repro has not been run here")
def test_the_recommendation_is_what_the_command_prints() -> None:
    """Within a title or two and a tenth of a star: another processor rounds differently."""
    example = r"```console\npython (-m stages\.recommend .*)\n```\n\n```text\n([^`]*)```"
    ((arguments, expected),) = re.findall(example, PAGES[""])
    command = [sys.executable, *shlex.split(arguments)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    shown, found = (
        {title: float(stars) for title, stars in re.findall(LINE, text, flags=re.MULTILINE)}
        for text in (expected, printed)
    )
    both = shown.keys() & found.keys()
    assert len(shown) == 5
    assert len(both) >= 3
    assert {title: shown[title] for title in both} == pytest.approx(
        {title: found[title] for title in both}, abs=0.11
    )


def test_every_edge_of_the_picture_is_in_the_pipeline_and_every_stage_in_the_table() -> None:
    drawn = re.search(r"```mermaid\nflowchart LR\n(.*?)```", PAGES[""], flags=re.DOTALL)
    assert drawn
    dag = [sys.executable, "-m", "dvc", "dag", "--mermaid"]
    shown = subprocess.run(dag, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = dict(re.findall(r'(node\d+)\["(\w+)"\]', shown))
    edges = {(names[one], names[other]) for one, other in re.findall(r"(node\d+)-->(node\d+)", shown)}
    arrows = re.findall(r"^ +(\w+)-->(.+)$", drawn[1], flags=re.MULTILINE)
    in_picture = {(one, other) for one, others in arrows for other in others.split(" & ")}
    assert {edge for edge in edges if edge[0] != "prepare"} <= in_picture <= edges
    assert list(table(PAGES["stages"], "| stage | reads | writes |")) == STAGES
