"""The README says what the metrics say."""

import json
import re

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


def test_what_is_said_of_the_clusters_is_in_the_metrics() -> None:
    clusters = json.loads((ROOT / "metrics" / "clusters.json").read_text())
    assert f"they explain {100 * clusters['popularity_explained']:.1f} % of the differences in" in README
    assert f"(`tag_coherence_z` {clusters['tag_coherence_z']:.1f};" in README


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
