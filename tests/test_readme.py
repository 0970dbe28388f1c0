"""The README says what the metrics say."""

import json
import re
import shlex
import subprocess
import sys
from typing import Any

import pytest

from tests.stages_of_the_pipeline import PIPELINE, ROOT, STAGES

README = (ROOT / "README.md").read_text(encoding="utf-8")
COLUMNS = ("rmse", "mae", "ndcg_at_10", "recall_at_10")
ROWS = {
    "the notebook's recipe": "notebook",
    "global mean": "global_mean",
    "user and movie biases": "biases",
    "item neighbours on biases": "neighbours",
    "popularity": "popularity",
    "EASE": "ease",
    "**this repository's default**": "default",
}


def measured() -> dict[str, dict[str, float]]:
    baselines = json.loads((ROOT / "metrics" / "baselines.json").read_text())
    return {**baselines, "default": json.loads((ROOT / "metrics" / "test.json").read_text())}


@pytest.mark.parametrize("title", ROWS)
def test_every_row_of_the_results_is_in_the_metrics(title: str) -> None:
    row = measured()[ROWS[title]]
    cells = [f"{row[column]:.3f}" if column in row else "" for column in COLUMNS]
    line = next(line for line in README.splitlines() if line.startswith(f"| {title} |"))
    assert [cell.strip() for cell in line.strip("|").split("|")[1:-1]] == cells


def test_every_baseline_has_a_row() -> None:
    assert set(measured()) == set(ROWS.values())


def metrics(name: str) -> Any:
    return json.loads((ROOT / "metrics" / f"{name}.json").read_text())


SCORES = {
    "share of log popularity explained (η², lower is better)": ("popularity_explained", ".2f"),
    "genre coherence (z)": ("genre_coherence_z", ".0f"),
    "genre coherence of a model without genres (z)": ("genre_coherence_z_without_genres", ".0f"),
    "tag coherence (z)": ("tag_coherence_z", ".1f"),
    "stability (AMI)": ("stability", ".2f"),
    "silhouette": ("silhouette", ".2f"),
}


@pytest.mark.parametrize("title", SCORES)
def test_every_score_of_the_clusters_is_in_the_metrics(title: str) -> None:
    key, form = SCORES[title]
    own, notebook = metrics("clusters"), metrics("clusters")["notebook"]
    cells = [format(row[key], form) if key in row else "" for row in (notebook, own)]
    line = next(line for line in README.splitlines() if line.startswith(f"| {title} |"))
    assert [cell.strip() for cell in line.strip("|").split("|")[1:]] == cells


def test_what_is_said_of_newcomers_and_of_the_reach_of_lists_is_in_the_metrics() -> None:
    new, test, text = metrics("newcomers"), metrics("test"), " ".join(README.split())
    folded, again = new["fold_in"], new["retrained"]
    assert f"{new['n_newcomers']} users were hidden from the training" in text
    assert f"RMSE {folded['rmse']:.3f} against {again['rmse']:.3f} stars ({new['rmse_ratio']:.4f} ×)" in text
    assert f"NDCG@10 {folded['ndcg_at_10']:.3f} against {again['ndcg_at_10']:.3f}" in text
    assert f"together they hold {100 * test['catalogue_coverage']:.1f} % of the catalogue" in text
    assert f"has {test['median_popularity']:.0f} training ratings" in text


def test_the_clusters_that_are_named_are_in_the_listing_with_these_movies() -> None:
    listing = (ROOT / "plots" / "clusters.md").read_text(encoding="utf-8")
    named = re.findall(r"^- \*\*(.+)\*\*: (.+); hidden gems: (.+)$", README, flags=re.MULTILINE)
    assert len(named) == 3
    for name, known, gems in named:
        section = listing.split(f"## {name}\n")[1].split("\n## ")[0]
        for title in known.split(", "):
            assert f"| {title} |" in section
        for title in gems.split(", "):
            assert f"*{title}*" in section.split("Hidden gems")[1]


@pytest.mark.skipif(
    not (ROOT / "data" / "model.pt").exists(), reason="no model has been trained here; dvc repro makes it"
)
def test_the_answer_is_what_the_command_prints() -> None:
    """But for a title or two: another processor may round otherwise."""
    section = README.split("## A film for tonight")[1]
    question, answer = re.findall(r"```\w+\n(.*?)```", section, flags=re.DOTALL)[:2]
    words = shlex.split(question)
    assert words[:3] == ["python", "-m", "stages.recommend"]
    command = [sys.executable, *words[1:]]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    shown, found = (
        set(re.findall(r"^\d+ +(.+?\(\d+\))", text, flags=re.MULTILINE)) for text in (answer, printed)
    )
    assert len(shown) == 5
    assert len(shown & found) >= 3


def test_the_picture_is_the_pipeline() -> None:
    drawn = set(re.findall(r"^    (\w+)-->(\w+)$", README, flags=re.MULTILINE))
    made_by = {
        out if isinstance(out, str) else next(iter(out)): stage
        for stage, entry in PIPELINE["stages"].items()
        for out in entry.get("outs", [])
    }
    edges = {
        (made_by[path], stage)
        for stage, entry in PIPELINE["stages"].items()
        for path in entry["deps"]
        if path in made_by
    }
    assert drawn == edges


def test_every_stage_is_in_the_table() -> None:
    table = README.split("| stage | reads | writes |")[1].split("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", table, flags=re.MULTILINE) == STAGES


def test_every_file_that_is_linked_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target
