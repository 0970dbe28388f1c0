"""The README says what the metrics say."""

import ast
import json
import re
import shlex
import subprocess
import sys
from typing import Any

import pytest

from tests.stages_of_the_pipeline import ROOT, STAGES

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


def test_the_sizes_of_the_clusters_are_in_the_metrics() -> None:
    own, notebook = metrics("clusters"), metrics("clusters")["notebook"]
    cells = [f"{row['smallest']:,} – {row['largest']:,}" for row in (notebook, own)]
    assert f"| smallest and largest cluster | {' | '.join(cells)} |" in README


def test_what_is_compared_with_another_number_of_factors_is_in_the_metrics() -> None:
    lines = re.findall(r"^(metrics/(\w+)\.json) +([\w.]+) +([-\d.]+) ", README, flags=re.MULTILINE)
    assert len(lines) > 10
    for path, name, key, shown in lines:
        value = metrics(name)
        for part in key.split("."):
            value = value[part]
        assert shown == f"{value:.5f}".rstrip("0"), f"{path}: {key}"


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


def test_the_picture_is_what_dvc_draws() -> None:
    drawn = re.search(r"```mermaid\nflowchart TD\n(.*?)```", README, flags=re.DOTALL)
    assert drawn
    dag = [sys.executable, "-m", "dvc", "dag", "--mermaid"]
    shown = subprocess.run(dag, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = dict(re.findall(r'(node\d+)\["(\w+)"\]', shown))
    edges = {(names[one], names[other]) for one, other in re.findall(r"(node\d+)-->(node\d+)", shown)}
    assert set(re.findall(r"^    (\w+)-->(\w+)$", drawn[1], flags=re.MULTILINE)) == edges


def test_every_stage_is_in_the_table() -> None:
    table = README.split("| stage | reads | writes |")[1].split("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", table, flags=re.MULTILINE) == STAGES


def test_every_file_that_is_linked_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def said() -> set[str]:
    """Every text of the stages, with … in place of what is put into it."""
    texts = set()
    for path in (ROOT / "stages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                texts.add("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    return texts


SAID_BY_OTHERS = {
    "`params.yaml: … is …; input should be …`": "tests/pipeline/test_run.py",
    "`certificate has expired`": "tests/test_fetch.py",
    "`[Errno 28] No space left on device`": "tests/test_command.py",
    "`[Errno 13] Permission denied`": "tests/pipeline/test_no_room.py",
    "`is busy, it is being blocked by`": "tests/pipeline/test_workflows.py",
    "`Unable to read RWLock-file`": "tests/pipeline/test_interruptions.py",
    "`failed to load some metrics`": "tests/pipeline/test_interruptions.py",
    "`missing-files`": "tests/pipeline/test_workflows.py",
    "`Key '…' is not in struct`": "tests/pipeline/test_workflows.py",
    "`expected …, in stages -> …`": "tests/pipeline/test_interruptions.py",
}
"""Messages of DVC, pydantic, Python and the system, and the test that has met them."""


def test_every_message_in_the_table_of_faults_is_one_that_is_said() -> None:
    table = README.split("| message | because | way out |")[1].split("\n\n")[0]
    messages = re.findall(r"^\| (`.+?`) \|", table, flags=re.MULTILINE)
    assert len(messages) > 15
    texts = said()
    for message in messages:
        if message in SAID_BY_OTHERS:
            parts = message.strip("`").split("…")
            met = (ROOT / SAID_BY_OTHERS[message]).read_text(encoding="utf-8")
            assert all(part in met for part in parts), message
        else:
            assert any(message.strip("`…") in text for text in texts), message
