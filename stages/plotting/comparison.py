"""Tables that compare runs: two by their users, or means over seeds, and all experiments in order.

A section is a heading, and the header and the rows of the table below it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from stages.core.cli import UserError
from stages.plotting.results import METRICS
from stages.ranking.bootstrap import mean_difference, summarise

RATING = ["part", "user", "movie", "rating"]
SPLIT = "dataset split fold test_fraction validation_fraction seed".split()  # determine what is held out
SHOWN = ["validation_rmse", "validation_ndcg_at_10", "rmse", "ndcg_at_10", "coverage_80"]
LOWER_IS_BETTER = "rmse", "mae", "popularity_explained"

Section = tuple[str, list[str], list[list[str]]]


class Run(NamedTuple):
    """The parameters and results of a run."""

    name: str
    parameters: dict[str, Any]
    predictions: pd.DataFrame
    scores: pd.DataFrame


def compare_runs(first: Run, second: Run) -> Iterator[Section]:
    """The parameters that differ, and for each part of the held-out ratings, the metrics of both runs."""
    names = first.name, second.name
    same = first.predictions[RATING].equals(second.predictions[RATING])
    yield changes(names, first.parameters, second.parameters, same)
    if not same:
        note = "seed also chose the held-out ratings, so the intervals are wide; --seeds compares means."
        print(f"Note: {note}\n")
    both = pd.concat([first.scores.assign(method="A"), second.scores.assign(method="B")])
    for part, scores in both.groupby("part", sort=False):
        found, rows = summarise(scores, "A", seed=0), list[list[str]]()
        for (metric, _), difference in found.difference.items():
            if not metric.startswith(("coverage", "popularity", "corrected")):
                values = [f"{found.value[metric, run].mean:.4f}" for run in "AB"]
                rows.append([METRICS.get(metric, metric), *values, *verdict(metric, *difference)])
        heading = f"{str(part).capitalize()} ratings, of {scores['user'].nunique():,} users:"
        yield heading, ["", *names, "difference", "95 % interval", second.name], rows


def changes(names: tuple[str, str], one: dict[str, Any], other: dict[str, Any], same: bool) -> Section:
    """The parameters that differ; UserError if the held-out ratings do, too, unless by the seed alone."""
    pairs = {key: (one.get(key), other.get(key)) for key in one | other if one.get(key) != other.get(key)}
    if not same and [*pairs] != ["seed"]:
        why = ["{} is {} and {}".format(key, *pairs[key]) for key in SPLIT if key in pairs]
        reason = ", ".join(why) or "other data or code"
        problem = f"{' and '.join(names)} have other held-out ratings: {reason}"
        raise UserError(f"{problem}; compare runs that share these, or several seeds with --seeds")
    return "Parameters that differ:", ["", *names], [[key, *map(str, pairs[key])] for key in pairs]


def verdict(metric: str, difference: float, low: float, high: float) -> list[str]:
    """A difference, its interval, and in words whether it is beyond chance."""
    better = "better" if (difference < 0) == metric.endswith(LOWER_IS_BETTER) else "worse"
    words = "within chance" if low <= 0 <= high else f"{better}, beyond chance"
    return [f"{difference:+.4f}", f"[{low:+.4f}, {high:+.4f}]", words]


def compare_seeds(experiments: pd.DataFrame, keys: list[str], first: str, second: str) -> Iterator[Section]:
    """Means over the seeds that both groups of runs have, in pairs, with 95 % intervals by Student's t."""
    settings = [key for key in keys if key != "seed"]
    named = experiments.drop_duplicates("run").set_index("run")[settings]
    if unknown := [name for name in (first, second) if name not in named.index]:
        known = ", ".join(named.index)
        raise UserError(f'no finished experiment is called "{unknown[0]}"; there are: {known}')
    ours, theirs = ({key: str(named[key][name]) for key in settings} for name in (first, second))
    yield changes((first, second), ours, theirs, all(ours.get(key) == theirs.get(key) for key in SPLIT))
    by_setting = experiments.drop_duplicates(keys).set_index("seed").groupby(settings)
    metrics = experiments.columns.drop([*keys, "run", *experiments.filter(regex="^n_")])
    one, other = (by_setting.get_group(tuple(each.values()))[metrics] for each in (ours, theirs))
    one, other = one.align(other, "inner")
    if len(one) < 2:
        raise UserError(f"{first} and {second} have {len(one)} seeds in common, expected at least 2")
    one, other, rows = one.where(other.notna()), other.where(one.notna()), []
    for metric, mean, error, *interval in mean_difference(one, other).dropna().itertuples():
        means = [mean_and_error(values[metric]) for values in (one, other)]
        difference, *rest = verdict(metric, mean, *interval)
        rows.append([metric, *means, f"{difference} ± {error:.4f}", *rest])
    heading = f"Means ± standard errors over {len(one)} seeds, in pairs:"
    yield heading, ["", first, second, "difference", "95 % interval", second], rows


def mean_and_error(values: "pd.Series[float]") -> str:
    """The mean with its standard error, if there are several values."""
    mean, error = values.agg(["mean", "sem"])
    return f"{mean:.4f} ± {error:.4f}".removesuffix(" ± nan").replace("nan", "")


def rank(experiments: pd.DataFrame, keys: list[str]) -> Iterator[Section]:
    """A line for each setting: means ± standard errors over seeds, the lowest validation RMSE first."""
    settings = [key for key in keys if key != "seed"]
    varied = [key for key in settings if len(set(experiments[key])) > 1]
    metrics = [name for name in SHOWN if name in experiments]
    groups = experiments.groupby(settings, sort=False)
    shown = {"run": ("run", "first"), "seeds": ("seed", "nunique")}
    lines = groups.agg(**shown, **{name: (name, mean_and_error) for name in metrics}).reset_index()
    order = groups[metrics[0] if metrics[0] == "validation_rmse" else "rmse"].mean().argsort(kind="stable")
    lines = lines.iloc[order][["run", *varied, "seeds", *metrics]]
    yield "The lowest validation RMSE first:", [*lines], lines.astype(str).to_numpy().tolist()
