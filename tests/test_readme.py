"""The READMEs show what the commands print, link to files that exist, and agree with metrics/."""

import re
import shlex
import statistics
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest
import yaml

from stages.summary import summarise
from tests.committed_results import experiments, flat, metrics
from tests.repository import DEFAULTS, ROOT, STAGES

READMES = {path.parent.name: path for path in ROOT.glob("*/README.md")} | {"": ROOT / "README.md"}
PAGES = {name: path.read_text(encoding="utf-8") for name, path in READMES.items()}
LINE = r"^\d+ +(.+?\(\d+\)) +([\d.]+) ±"

METHODS = {
    "the notebook's recipe": "notebook.",
    "global mean": "global_mean.",
    "user and movie biases": "biases.",
    "item neighbours": "neighbours.",
    "popularity": "popularity.",
    "EASE on views": "ease.",
    "EASE on stars": "ease_stars.",
    "**this repository's default**": "",
}
"""Rows of the results, and the prefix of their keys in metrics/."""
CLUSTER_METRICS = {
    "share of log popularity explained (η², lower is better)": ("popularity_explained", ".2f"),
    "genre coherence (z)": ("genre_coherence_z", ".0f"),
    "genre coherence of a model without genres (z)": ("genre_coherence_z_without_genres", ".0f"),
    "tag coherence (z)": ("tag_coherence_z", ".1f"),
    "stability (AMI)": ("stability", ".2f"),
    "silhouette": ("silhouette", ".2f"),
}
QUESTIONS = "| | RMSE, stars | minus the best baseline's | NDCG@10 | minus the best baseline's |"
SEEDS = "| with | RMSE, stars | NDCG@10 | inside 80 % |"


def table(page: str, header: str) -> dict[str, list[str]]:
    """The cells of a table by the first of each row."""
    lines = PAGES[page].split(f"{header}\n")[1].split("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return {first: others for first, *others in cells}


def formatted(numbers: dict[str, Any], keys: list[str], form: str) -> list[str]:
    """Cells with numbers; an empty one where there is none."""
    return [format(numbers[key], form) if key in numbers else "" for key in keys]


def measured_with(**changes: object) -> dict[str, Any]:
    """The metrics of the only experiment with these parameters."""
    (measured,) = (experiment.measured for experiment in experiments() if experiment.changes == changes)
    return measured


@pytest.mark.parametrize("page", PAGES)
def test_linked_files_exist(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[page]):
        assert target.startswith("https://") or (ROOT / page / target).exists(), target


def rows_of_methods(numbers: dict[str, Any], *keys: str) -> dict[str, list[str]]:
    return {
        title: formatted(numbers, [prefix + key for key in keys], ".3f") for title, prefix in METHODS.items()
    }


def test_results_are_those_of_the_metrics_and_of_the_temporal_split() -> None:
    numbers = dict(flat({**metrics("baselines"), **metrics("test")}))
    found = table("", "| | RMSE, stars | MAE, stars | NDCG@10 | Recall@10 |")
    assert found == rows_of_methods(numbers, "rmse", "mae", "ndcg_at_10", "recall_at_10")
    found = table("metrics", "| `dvc exp run -n temporal -S split=temporal` | RMSE, stars | NDCG@10 |")
    assert found == rows_of_methods(measured_with(split="temporal"), "rmse", "ndcg_at_10")
    assert {f"{name}." for name in metrics("baselines")} | {""} == set(METHODS.values())


def test_cluster_metrics_are_those_of_the_metrics() -> None:
    own, notebook = metrics("clusters"), metrics("clusters")["notebook"]
    lines = {
        title: [*formatted(notebook, [key], form), *formatted(own, [key], form)]
        for title, (key, form) in CLUSTER_METRICS.items()
    }
    sizes = [f"{row['smallest']:,} – {row['largest']:,}" for row in (notebook, own)]
    expected = {**lines, "smallest and largest cluster": sizes}
    assert table("metrics", "| | the notebook's clusters | these |") == expected


def test_the_difference_shown_is_that_of_the_experiment() -> None:
    lines = re.findall(r"^metrics/(\w+)\.json +([\w.]+) +(\S+) +(\S+) +(\S+)$", PAGES[""], flags=re.MULTILINE)
    assert len(lines) >= 3
    other = measured_with(latent_factors=16)
    for name, key, *cells in lines:
        before, after = dict(flat(metrics(name)))[key], other[key]
        assert cells == [f"{number:.5f}".rstrip("0") for number in (before, after, after - before)], key


@pytest.mark.parametrize("cell", table("metrics", SEEDS))
def test_means_over_seeds_are_those_of_the_experiments(cell: str) -> None:
    own = {key: yaml.safe_load(value) for key, value in re.findall(r"-S '?(\w+)=([^'` ]+)", cell)}
    wanted = {**own, "validation_fraction": 0, "study": False}
    runs = [
        {"Experiment": "run", **DEFAULTS, **changes, **measured}
        for changes, measured in experiments()
        if {key: value for key, value in changes.items() if key != "seed"} == wanted
    ]
    (line,) = summarise(pd.DataFrame(runs), list(DEFAULTS)).to_dict(orient="records")
    assert line["n"] == 5
    assert table("metrics", SEEDS)[cell] == [line["rmse"], line["ndcg_at_10"], line.get("coverage.80", "")]


def test_the_answers_to_three_questions_are_those_of_the_metrics() -> None:
    def difference(numbers: dict[str, Any], prefix: str, key: str) -> str:
        value, low, high = (numbers[prefix + name] for name in (key, "low", "high"))
        return f"{value:+.3f} [{low:+.3f}, {high:+.3f}] ({numbers[f'{prefix}name']})"

    def answer(numbers: dict[str, Any], prefix: str = "") -> list[str]:
        against = f"{prefix}against_best_baseline."
        accuracy, ranking = numbers[f"{prefix}rmse"], numbers[f"{prefix}ndcg_at_10"]
        return [
            f"{accuracy:.3f}",
            difference(numbers, against, "rmse_difference"),
            f"{ranking:.3f}",
            difference(numbers, f"{against}ndcg_at_10.", "difference"),
        ]

    answers = [
        answer(dict(flat(metrics("test")))),
        answer(measured_with(split="temporal")),
        answer(dict(flat(metrics("newcomers"))), "fold_in."),
    ]
    assert list(table("metrics", QUESTIONS).values()) == answers


@pytest.mark.parametrize("factors", [DEFAULTS["latent_factors"], 16])
def test_means_on_a_published_fold_are_those_of_the_experiments(factors: int) -> None:
    runs = [({**DEFAULTS, **changes}, measured) for changes, measured in experiments()]
    wanted = {"split": "predefined", "latent_factors": factors}
    rmse = [float(measured["rmse"]) for used, measured in runs if wanted.items() <= used.items()]
    rows = table("metrics", "| on u1 | RMSE, stars | uses beside ratings |")
    (row,) = (cells for name, cells in rows.items() if f"latent_factors={factors}`" in name)
    assert len(rmse) == 5
    assert row[0] == f"{statistics.mean(rmse):.4f} ± {statistics.stdev(rmse) / 5**0.5:.4f}"


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
    assert list(table("stages", "| stage | reads | writes |")) == STAGES
