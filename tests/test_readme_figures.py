"""Every figure of the README is one that the committed results, the parameters or the code have."""

import re
from typing import Any

import pandas as pd
import pytest
import yaml

from stages import notebook
from stages.ranking.metrics import RELEVANT
from stages.summary import summarise
from tests.committed_results import TOLERANCE, UNSTEADY, experiments, flat, metrics, text
from tests.repository import DEFAULTS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")

Rows = dict[str, list[str]]

RESULTS = "| | RMSE, stars | MAE, stars | NDCG@10 | Recall@10 |"
CLUSTERS = "| | the notebook's clusters | these |"
SEEDS = "| with | RMSE, stars | NDCG@10 | inside 80 % |"
TEMPORAL = "| `dvc exp run -n temporal -S split=temporal` | RMSE, stars | NDCG@10 |"
SPEED = "| | time, s | baseline | its time, s | ratio |"

METHODS = {
    "the notebook's recipe": "notebook.",
    "global mean": "global_mean.",
    "user and movie biases": "biases.",
    "item neighbours on biases": "neighbours.",
    "popularity": "popularity.",
    "EASE": "ease.",
    "**this repository's default**": "",
}
"""Lines of results, and how the keys of their numbers begin."""
SCORES = {
    "share of log popularity explained (η², lower is better)": ("popularity_explained", ".2f"),
    "genre coherence (z)": ("genre_coherence_z", ".0f"),
    "genre coherence of a model without genres (z)": ("genre_coherence_z_without_genres", ".0f"),
    "tag coherence (z)": ("tag_coherence_z", ".1f"),
    "stability (AMI)": ("stability", ".2f"),
    "silhouette": ("silhouette", ".2f"),
}


def table(header: str) -> Rows:
    """The cells of a table of the README by the first of each line."""
    lines = README.split(f"{header}\n")[1].split("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return {first: others for first, *others in cells}


def shown(numbers: dict[str, Any], keys: list[str], form: str) -> list[str]:
    """Cells with numbers; an empty one where there is none."""
    return [format(numbers[key], form) if key in numbers else "" for key in keys]


def of_one(changes: dict[str, object]) -> dict[str, Any]:
    """What was measured in the only experiment with these parameters."""
    (measured,) = (experiment.measured for experiment in experiments() if experiment.changes == changes)
    return measured


def test_results_are_in_the_metrics() -> None:
    numbers = dict(flat({**metrics("baselines"), **metrics("test")}))
    keys = ["rmse", "mae", "ndcg_at_10", "recall_at_10"]
    assert table(RESULTS) == {
        title: shown(numbers, [prefix + key for key in keys], ".3f") for title, prefix in METHODS.items()
    }


def test_every_baseline_has_a_line() -> None:
    assert {f"{name}." for name in metrics("baselines")} | {""} == set(METHODS.values())


def test_scores_of_clusters_are_in_the_metrics() -> None:
    own, theirs = metrics("clusters"), metrics("clusters")["notebook"]
    lines = {
        title: [*shown(theirs, [key], form), *shown(own, [key], form)]
        for title, (key, form) in SCORES.items()
    }
    sizes = [f"{row['smallest']:,} – {row['largest']:,}" for row in (theirs, own)]
    assert table(CLUSTERS) == {**lines, "smallest and largest cluster": sizes}


def test_clusters_that_are_named_are_in_the_listing_with_these_movies() -> None:
    listing = text("plots/clusters.md")
    named = re.findall(r"^- \*\*(.+)\*\*: (.+); hidden gems: (.+)$", README, flags=re.MULTILINE)
    assert len(named) == 3
    for name, known, gems in named:
        section = listing.split(f"## {name}\n")[1].split("\n## ")[0]
        for title in known.split(", "):
            assert f"| {title} |" in section
        for title in gems.split(", "):
            assert f"*{title}*" in section.split("Hidden gems")[1]


def test_what_other_factors_change_is_in_the_experiments() -> None:
    lines = re.findall(r"^metrics/(\w+)\.json +([\w.]+) +(\S+) +(\S+) +(\S+)$", README, flags=re.MULTILINE)
    assert len(lines) > 10
    other = of_one({"latent_factors": 16})
    for name, key, *cells in lines:
        before, after = dict(flat(metrics(name)))[key], other[key]
        exact = [f"{number:.5f}".rstrip("0") for number in (before, after, after - before)]
        assert cells == exact, f"{name}: {key}"


def parameters(cell: str) -> dict[str, object]:
    """What a cell with `-S key=value` changes."""
    return {key: yaml.safe_load(value) for key, value in re.findall(r"-S '?(\w+)=([^'` ]+)", cell)}


@pytest.mark.parametrize("cell", table(SEEDS))
def test_means_over_seeds_are_those_of_the_experiments(cell: str) -> None:
    """By the same summary that the README's command prints."""
    wanted = {**parameters(cell), "validation_fraction": 0, "replicas": 0, "newcomer_fraction": 0}
    runs = [
        {"Experiment": "run", **DEFAULTS, **changes, **measured}
        for changes, measured in experiments()
        if {key: value for key, value in changes.items() if key != "seed"} == wanted
    ]
    (line,) = summarise(pd.DataFrame(runs), list(DEFAULTS)).to_dict(orient="records")
    assert line["n"] == 5
    assert table(SEEDS)[cell] == [line["rmse"], line["ndcg_at_10"], line.get("coverage.80", "")]


def test_what_a_temporal_split_gives_is_in_the_experiments() -> None:
    numbers = of_one({"split": "temporal"})
    assert table(TEMPORAL) == {
        title: shown(numbers, [f"{prefix}rmse", f"{prefix}ndcg_at_10"], ".3f")
        for title, prefix in METHODS.items()
    }


def test_times_are_lines_of_what_the_benchmark_printed() -> None:
    printed = text("metrics/benchmarks.md").splitlines()
    lines = README.split(f"{SPEED}\n")[1].split("\n\n")[0].splitlines()
    assert len(lines) > 5
    assert [line for line in lines if line not in printed] == []


def stated() -> list[str]:
    """What the README says in words, with the figures as they are."""
    new, test, data = metrics("newcomers"), metrics("test"), DEFAULTS
    folded, again = new["fold_in"], new["retrained"]
    *levels, last = test["coverage"]
    oldest = re.search(r"python_version = (.+)", (ROOT / ".mypy.ini").read_text())
    assert oldest
    return [
        f"with {data['test_fraction']:.0%} of the ratings held out".replace("%", " %"),
        f"for the test and {data['validation_fraction']:.0%} for making choices".replace("%", " %"),
        *(f"the {key.split('_')[1]} % intervals (bootstrap" for key in test if key.startswith("interval_")),
        f"inside the predicted {', '.join(levels)} and {last} % intervals",
        f"{new['n_newcomers']} users were hidden from the training",
        f"From {data['given_ratings']} ratings of each",
        f"RMSE {folded['rmse']:.3f} against {again['rmse']:.3f} stars ({new['rmse_ratio']:.4f} ×)",
        f"NDCG@10 {folded['ndcg_at_10']:.3f} against {again['ndcg_at_10']:.3f}",
        f"together they hold {100 * test['catalogue_coverage']:.1f} % of the catalogue",
        f"has {test['median_popularity']:.0f} training ratings",
        f"these are the ones with {data['min_ratings']} ratings and more",
        f"Python {oldest[1]} or newer",
        f"give it {RELEVANT:.0f} stars or more",
        f"trained on {1 - data['test_fraction']:.0%} of the ratings".replace("%", " %"),
        f"left out above {notebook.LARGEST // 10**6} million ratings",
        f"With up to {compute.LARGE:,} ratings a training runs on one thread",
        f"{TOLERANCE['test']} stars for RMSE, {TOLERANCE['test']} for NDCG@10",
        f"{UNSTEADY['stability']} for the stability of the clusters",
    ]


PROSE = " ".join(README.split())


@pytest.mark.parametrize("sentence", stated())
def test_what_is_said_in_words_is_so(sentence: str) -> None:
    assert sentence in PROSE


def test_no_other_figure_is_said() -> None:
    """But for titles of clusters and papers, names that have digits, and the tables that are tested above."""
    rest = README.split("## Licences and citations")[0]
    for header in (RESULTS, CLUSTERS, SEEDS, TEMPORAL, SPEED):
        rest = rest.replace(header + rest.split(header)[1].split("\n\n")[0], "")
    rest = re.sub(r"```.*?```|^- \*\*\d.*?$|`[^`]+`|\]\(.*?\)", "", rest, flags=re.DOTALL | re.MULTILINE)
    rest = " ".join(rest.split())
    for sentence in stated():
        rest = rest.replace(sentence, "")
    rest = re.sub(r"@10|synthetic-\d+m", "", rest)
    assert re.findall(r".{0,30}\d.{0,30}", rest) == []
