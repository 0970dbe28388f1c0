"""The tables of results: a page in Markdown, and a short table for the terminal."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import pandas as pd
from tabulate import tabulate

from stages.ranking.bootstrap import Summary

METHODS = {
    "notebook": "the notebook's recipe",
    "global_mean": "global mean",
    "biases": "user and movie biases",
    "neighbours": "item neighbours",
    "popularity": "popularity",
    "ease": "EASE on views",
    "ease_stars": "EASE on stars",
    "model": "**this model**",
}
METRICS = {"rmse": "RMSE, stars", "mae": "MAE, stars", "ndcg_at_10": "NDCG@10", "recall_at_10": "Recall@10"}
METRICS |= {"corrected_ndcg_at_10": "corrected NDCG@10"}
QUESTIONS = {
    "random": "*What would this person have said then?*",
    "temporal": "*What will people say next?*",
    "predefined": "*What would this person have said?*",
}
CLUSTERS = {
    "n_movies": ("movies", ",.0f"),
    "popularity_explained": ("share of log popularity explained (η², lower is better)", ".3f"),
    "genre_coherence_z": ("genre coherence (z)", ".0f"),
    "tag_coherence_z": ("tag coherence (z)", ".1f"),
    "stability": ("stability (AMI)", ".2f"),
    "silhouette": ("silhouette", ".2f"),
    "smallest": ("movies in the smallest cluster", ",.0f"),
    "largest": ("movies in the largest cluster", ",.0f"),
    "inertia": ("inertia", ",.0f"),
}
RECIPES = {"notebook": "the notebook's", "model": "these", "without genres": "without genres in the model"}
INTRODUCTION = """\
# Results on {label}

{n_users:,} users, {n_movies:,} movies, {n_ratings:,} ratings, {density:.2%} of the matrix; the mean is \
{mean_rating:.2f} stars. Split: {split}, seed {seed}: {n_train:,} ratings to train on, {n_validation:,} for \
validation, {n_test:,} to test.

`dvc repro` writes this page; [metrics/README.md](README.md) says what each metric means. Square brackets \
have 95 % intervals by the bootstrap over users, those of differences paired."""
PARTS = {
    "test": "## Test ratings",
    "validation": "## Validation ratings\n\nBy these, parameters and methods are chosen.",
    "after": """## New users

{n_newcomers} users were hidden from the training, and folded in from a few of their ratings. All rows of a \
metric are measured on the same other ratings of these users. EASE on stars is tuned for new users here.""",
}


def page(
    statistics: Mapping[str, Any], parts: Mapping[str, Summary], n_newcomers: int, clusters: pd.DataFrame
) -> str:
    """Markdown; `parts` has "validation", "test" and, for new users, "after 3", …, each if measured.

    `clusters` has a row for each clustering, by name.
    """
    after = [name for name in parts if name.startswith("after")]
    questions = {"test": QUESTIONS[statistics["split"]]}
    questions |= {name: f"*What will somebody new say?* ({name} ratings)" for name in after[-1:]}
    answers = [[question, *answer(parts[name])] for name, question in questions.items() if name in parts]
    sections = [INTRODUCTION.format(**statistics)]
    if answers:
        baseline = "minus the best baseline's"
        sections += [
            "## In short",
            markdown(["", METRICS["rmse"], baseline, METRICS["ndcg_at_10"], baseline], answers),
        ]
    for kind, heading in PARTS.items():
        names = [name for name in ("test", "validation", *after) if name in parts and name.startswith(kind)]
        sections += [heading.format(n_newcomers=n_newcomers)] if names else []
        for name in names:
            sections += [f"### {name.capitalize()} ratings"] if kind == "after" else []
            sections += [methods(parts[name], "value"), intervals(parts[name])]
            sections += ["Minus this model:", methods(parts[name], "difference")]
    kinds = [name for name in RECIPES if name in clusters.index]
    rows = [
        [title, *(format(value, form).replace("nan", "") for value in clusters[metric].reindex(kinds))]
        for metric, (title, form) in CLUSTERS.items()
        if metric in clusters
    ]
    sections += ["## Clusters", markdown(["", *(RECIPES[kind] for kind in kinds)], rows)]
    return "\n\n".join(filter(None, sections)) + "\n"


def methods(summary: Summary, column: str) -> str:
    """Methods and metrics with a field of `Estimate`, "value" or "difference", and its interval."""
    ends = ("low", "high") if column == "value" else ("difference_low", "difference_high")
    metrics = [
        name for name in dict.fromkeys(metric for metric, _ in summary) if not name.startswith("coverage")
    ]
    rows = {method: [""] * len(metrics) for method in METHODS}
    for (metric, method), estimate in summary.items():
        middle, low, high = (getattr(estimate, name) for name in (column, *ends))
        if metric in metrics and (column == "value" or low < high):  # a model does not differ from itself
            form = ("" if column == "value" else "+") + (".0f" if metric == "popularity" else ".3f")
            rows[method][metrics.index(metric)] = f"{middle:{form}} [{low:{form}}, {high:{form}}]"
    shown = [[METHODS[method], *cells] for method, cells in rows.items() if any(cells)]
    return markdown(["", *(METRICS.get(metric, metric) for metric in metrics)], shown)


def answer(summary: Summary) -> list[str]:
    """RMSE and NDCG@10 of the model, each followed by its difference from that of the best baseline."""
    cells = []
    for metric, sign in (("rmse", 1), ("ndcg_at_10", -1)):
        values = {method: estimate for (name, method), estimate in summary.items() if name == metric}
        own = values.pop("model", None)
        cells += [f"{own.value:.3f}" if own else "", ""]
        if own and values:
            name = min(values, key=lambda method: sign * values[method].value)
            difference, low, high = (-number for number in values[name][3:])
            cells[-1] = f"{difference:+.3f} [{high:+.3f}, {low:+.3f}] ({METHODS[name]})"
    return cells


def lowest_rmse(summary: Summary) -> tuple[str, float] | None:
    """The baseline with the lowest RMSE, and its RMSE in stars, if there is one."""
    errors = {method: each.value for (metric, method), each in summary.items() if metric == "rmse"}
    errors.pop("model", None)
    return min(((METHODS[name], error) for name, error in errors.items()), key=itemgetter(1), default=None)


def intervals(summary: Summary) -> str:
    """How many ratings lie inside the predicted intervals; empty if none are predicted."""
    shares = [
        f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}] inside {metric.removeprefix('coverage_')} %"
        for (metric, _), share in summary.items()
        if metric.startswith("coverage")
    ]
    return f"Of the ratings, {', '.join(shares)} intervals." if shares else ""


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table whose first column has names, and all others numbers."""
    align = ["left", *["right"] * (len(header) - 1)]
    return str(tabulate(rows, header, "pipe", disable_numparse=True, colalign=align))


def short(summary: Summary) -> str:
    """The values of all methods, aligned for a terminal."""
    known = {method for _, method in summary}
    cells = [
        [summary[key].value if (key := (metric, method)) in summary else None for metric in METRICS]
        for method in METHODS
    ]
    rows = [
        [name.strip("*"), *row]
        for (method, name), row in zip(METHODS.items(), cells, strict=True)
        if method in known
    ]
    return str(tabulate(rows, ["", *METRICS.values()], "plain", floatfmt=".3f"))
