"""The tables of results: a page in Markdown, and a short table for the terminal."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import tabulate

from stages.ranking.bootstrap import Interval, Summary

tabulate.MIN_PADDING = 0  # spaces beside a heading: the tables of `compare` should fit a terminal
METHODS = {
    "notebook": "the notebook's recipe",
    "global_mean": "global mean",
    "biases": "user and movie biases",
    "neighbours": "item neighbours",
    "popularity": "popularity",
    "ease": "EASE on views",
    "ease_stars": "EASE on stars",
    "boosted": "boosted trees on this model",
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
    "new visit": """## New visits

Of users with several visits, more than six hours apart, one visit was hidden from the training.""",
    "after": """## New users

{n_newcomers} users were hidden from the training, and folded in from a few of their ratings. All rows of a \
metric are measured on the same other ratings of these users. EASE on stars is tuned for new users here.""",
}


def page(
    statistics: Mapping[str, Any], parts: Mapping[str, Summary], n_newcomers: int, clusters: pd.DataFrame
) -> str:
    """Markdown; `parts` are those measured: validation, test, new visit, after 3, …; `clusters` by name."""
    after = [name for name in parts if name.startswith("after")]
    questions = {"test": QUESTIONS[statistics["split"]]}
    questions["new visit"] = "*What will this person say another day?* (new visit)"
    questions |= {name: f"*What will somebody new say?* ({name} ratings)" for name in after[-1:]}
    answers = [[question, *answer(parts[name])] for name, question in questions.items() if name in parts]
    sections = [INTRODUCTION.format(**statistics)]
    if answers:
        header = ["", METRICS["rmse"], "minus the best baseline's", METRICS["ndcg_at_10"]]
        sections += ["## In short", table([*header, header[2]], answers)]
    for kind, heading in PARTS.items():
        names = [name for name in (*after, kind) if name in parts and name.startswith(kind)]
        sections += [heading.format(n_newcomers=n_newcomers)] if names else []
        for name in names:
            sections += [f"### {name.capitalize()} ratings"] if kind == "after" else []
            sections += [methods(parts[name].value), intervals(parts[name])]
            sections += ["Minus this model:", methods(parts[name].difference, "+")]
    kinds = [name for name in RECIPES if name in clusters.index]
    rows = []
    for metric in filter(clusters.__contains__, CLUSTERS):
        (title, form), values = CLUSTERS[metric], clusters[metric].reindex(kinds)
        rows.append([title, *(format(value, form).replace("nan", "") for value in values)])
    sections += ["## Clusters", table(["", *(RECIPES[kind] for kind in kinds)], rows)]
    return "\n\n".join(filter(None, sections)) + "\n"


def methods(values: Mapping[tuple[str, str], Interval], sign: str = "") -> str:
    """The values or, with a sign, differences of methods, with their intervals."""
    cells = {}
    for (metric, method), each in values.items():
        if not metric.startswith("coverage"):
            form = sign + (".0f" if metric == "popularity" else ".3f")
            cells[metric, method] = "{:{f}} [{:{f}}, {:{f}}]".format(*each, f=form)
    return by_method(cells)


def short(summary: Summary) -> str:
    """The values of all methods, aligned for a terminal."""
    cells = {key: f"{each.mean:.3f}" for key, each in summary.value.items() if key[0] in METRICS}
    return by_method(cells, "plain").replace("**this model**", "this model    ")


def by_method(cells: Mapping[tuple[str, str], str], form: str = "pipe") -> str:
    """A table with a row for each method and a column for each metric of those in `cells`."""
    metrics, known = dict.fromkeys(metric for metric, _ in cells), {method for _, method in cells}
    rows = [
        [METHODS[method], *(cells.get((metric, method), "") for metric in metrics)]
        for method in filter(known.__contains__, METHODS)
    ]
    return table(["", *(METRICS.get(metric, metric) for metric in metrics)], rows, form)


def answer(summary: Summary) -> list[str]:
    """RMSE and NDCG@10 of the model, each followed by its difference from that of the best baseline."""
    cells = []
    for metric in ("rmse", "ndcg_at_10"):
        own, best = summary.value.get((metric, "model")), best_baseline(summary, metric)
        cells += [f"{own.mean:.3f}" if own else "", ""]
        if own and best:
            mean, low, high = (-number for number in summary.difference[metric, best[1]])
            cells[-1] = f"{mean:+.3f} [{high:+.3f}, {low:+.3f}] ({METHODS[best[1]]})"
    return cells


def best_baseline(summary: Summary, metric: str) -> tuple[float, str] | None:
    """The best value by a method that is not the model, if there is one, and its name among `METHODS`."""
    found = [(each.mean, of[1]) for of, each in summary.value.items() if of[0] == metric and of[1] != "model"]
    return (min if metric == "rmse" else max)(found, key=lambda pair: pair[0], default=None)


def intervals(summary: Summary) -> str:
    """How many ratings lie inside the predicted intervals; empty if none are predicted."""
    shares = [
        f"{mean:.1%} [{low:.1%}, {high:.1%}] inside {metric.removeprefix('coverage_')} %"
        for (metric, _), (mean, low, high) in summary.value.items()
        if metric.startswith("coverage")
    ]
    return f"Of the ratings, {', '.join(shares)} intervals." if shares else ""


def table(header: list[str], rows: list[list[str]], form: str = "pipe") -> str:
    """A table, by default in Markdown, whose first column has names, and all others numbers."""
    align = ["left", *["right"] * (len(header) - 1)] if rows else None
    return str(tabulate.tabulate(rows, header, form, disable_numparse=True, colalign=align))
