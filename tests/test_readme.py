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
    header, *_ = content = RESULTS[page].split(f"# {section}\n\n")[1].split("\n")
    while not header.startswith("| "):
        header, *_ = content = content[1:]
    names = [name.strip() for name in header[1:-1].split("|")][1:]
    rows = table("\n".join(content), header)
    return {
        row: dict(zip(names, [cell.split(" [")[0] for cell in cells], strict=True))
        for row, cells in rows.items()
    }


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
    keys = {"RMSE, stars": "rmse", "MAE, stars": "mae", "NDCG@10": "ndcg_at_10", "Recall@10": "recall_at_10"}
    for section, prefix in (("Test ratings", ""), ("Validation ratings", "validation_")):
        found = results(page, section)[MODEL]
        assert {name: found[name] for name in keys} == {
            name: f"{numbers[prefix + key]:.3f}" for name, key in keys.items()
        }


def test_the_difference_shown_is_that_of_the_experiment() -> None:
    parts = re.search(r"^Validation ratings.*?^Test ratings.*?```", PAGES[""], flags=re.MULTILINE | re.DOTALL)
    assert parts
    rows = re.findall(
        r"^(RMSE|MAE|NDCG@10|Recall@10)\S*(?: stars)? +(\S+) +(\S+) +(\S+)", parts[0], flags=re.MULTILINE
    )
    before, after = experiments()[0].measured, measured_with(latent_factors=16)
    keys = [
        prefix + key
        for prefix in ("validation_", "")
        for key in ("rmse", "mae", "ndcg_at_10", "recall_at_10")
    ]
    assert len(rows) == len(keys)
    for key, (_, *cells) in zip(keys, rows, strict=True):
        assert cells[:2] == [f"{before[key]:.4f}", f"{after[key]:.4f}"], key
        assert float(cells[2]) == pytest.approx(after[key] - before[key], abs=6e-5)


@pytest.mark.parametrize("setting", SETTINGS)
def test_means_over_seeds_are_those_of_the_experiments(setting: str) -> None:
    saved = read_experiments(ROOT / "metrics" / "experiments.csv")
    *_, (heading, _, compared) = compare_seeds(*saved, "default-1", SETTINGS[setting])
    assert "5 seeds" in heading
    rows = {metric: cells for metric, *cells in compared}
    differences = [rows[key][2] if setting != next(iter(SETTINGS)) else "" for key in ("rmse", "ndcg_at_10")]
    means = [rows[key][1] if key in rows else "" for key in ("rmse", "ndcg_at_10", "coverage_80")]
    assert table(PAGES["metrics"], SEEDS)[setting] == [
        means[0],
        differences[0],
        means[1],
        differences[1],
        means[2],
    ]


def test_means_on_a_published_fold_are_those_of_the_experiments() -> None:
    saved = read_experiments(ROOT / "metrics" / "experiments.csv")
    *_, (heading, _, compared) = compare_seeds(*saved, "u1-1", "u1-1")
    assert "5 seeds" in heading
    (rmse,) = (cells for metric, *cells in compared if metric == "rmse")
    shown = table(PAGES["metrics"], "| on u1 | RMSE, stars | uses besides ratings |")
    assert shown["the default, without times"][0] == rmse[0]


def test_the_example_in_python_runs_on_the_data_of_a_test(data: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGES["stages"], flags=re.DOTALL)
    assert len(example.splitlines()) <= 10
    titles = {
        "Alien": "Toy Story",
        "user_id=42": f"user_id={user_id(RISER)}",
        "predict(42": f"predict({user_id(RISER)}",
    }
    for here, there in {**titles, '"data"': repr(str(data))}.items():
        example = example.replace(here, there)
    namespace: dict[str, Any] = {}
    exec(example, namespace)
    found = namespace["recommender"].recommend({"Toy Story": 5, "Heat": 4}, count=5)
    assert len(found) == 5


@pytest.mark.skipif(not (ROOT / "data" / "model.pt").exists(), reason="dvc repro has not been run here")
def test_the_recommendation_is_what_the_command_prints() -> None:
    """Within a title or two and a tenth of a star: another processor rounds differently."""
    blocks = re.findall(r"```\w+\n(.*?)```", PAGES[""].split("## Get a recommendation")[1], flags=re.DOTALL)
    words = shlex.split(blocks[0])
    assert words[:3] == ["python", "-m", "stages.recommend"]
    command = [sys.executable, *words[1:]]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    shown, found = (dict(re.findall(LINE, block, flags=re.MULTILINE)) for block in (blocks[1], printed))
    assert len(shown) == 5
    both = shown.keys() & found.keys()
    assert len(both) >= 3
    for title in both:
        assert float(shown[title]) == pytest.approx(float(found[title]), abs=0.11)


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
