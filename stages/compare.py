"""compare: do two runs differ by more than chance, and which of many is the best?

Of two runs, the differences of their metrics on the validation and on the test ratings are shown with 95 %
intervals by the bootstrap over users. Of all experiments, those that differ in `seed` alone are one line, and
the lowest validation RMSE is first.
"""

import argparse
import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from jaxtyping import Float
from scipy.special import stdtrit
from tabulate import tabulate

from stages.core.cli import UserError, report_errors
from stages.plotting.results import METRICS
from stages.ranking.bootstrap import summarise

EXAMPLES = """examples:
  python -m stages.compare                   all experiments, and the commit that they started from
  python -m stages.compare HEAD workspace    after: dvc exp run -S latent_factors=16
  python -m stages.compare main five         a branch, tag or commit, and an experiment called five
  python -m stages.compare one two --seeds   each with the experiments that differ from it in seed alone
  python -m stages.compare --csv FILE        experiments from a table by: dvc exp show --csv

Choose by the validation ratings; the test ratings are for the final comparison."""
FILES = "params.yaml", "data/predictions.csv", "data/scores.csv"
RATING = ["part", "user", "movie", "rating"]
SPLIT = ["dataset", "split", "fold", "test_fraction", "validation_fraction", "seed"]
"""Parameters that determine which ratings are held out."""
SHOWN = ["validation_rmse", "validation_ndcg_at_10", "rmse", "ndcg_at_10", "coverage_80"]
LOWER_IS_BETTER = "rmse", "mae", "popularity_explained"
OF_DVC = ["Experiment", "rev", "typ", "Created", "parent", "State", "Executor"]
FORMATS = {"text": "plain", "markdown": "pipe", "latex": "latex_booktabs"}

Changes = dict[str, tuple[Any, Any]]
"""The values of the parameters that differ."""
Section = tuple[str, list[str], list[list[str]]]
"""A heading, and the header and the rows of the table below it."""


class Run(NamedTuple):
    """What a run has left."""

    name: str
    parameters: dict[str, Any]
    predictions: pd.DataFrame
    scores: pd.DataFrame


def main() -> None:
    """Run the command; raises UserError if its arguments are invalid."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m stages.compare", None, __doc__, EXAMPLES, formatter_class=formatter
    )
    run = "workspace, a Git revision, or the name of an experiment"
    parser.add_argument("runs", nargs="*", metavar="A B", help=run)
    pairs = "compare means over seeds: each run with the experiments that differ from it in seed alone"
    parser.add_argument("--seeds", action="store_true", help=pairs)
    saved = "experiments from a table by `dvc exp show --csv`, instead of those of this repository"
    parser.add_argument("--csv", type=Path, metavar="FILE", help=saved)
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the tables (default: text)")
    options = parser.parse_args()
    if len(options.runs) not in (0, 2):
        raise UserError(f"expected two runs or none, got {len(options.runs)}; for example: HEAD workspace")
    if options.runs and not (options.seeds or options.csv):
        sections = compare(*map(read_run, options.runs))
    else:
        experiments, keys = read_experiments(options.csv)
        sections = (
            compare_seeds(experiments, keys, *options.runs) if options.runs else rank(experiments, keys)
        )
    for heading, header, rows in sections:
        align = ["left", *["right"] * (len(header) - 1)]
        shown = tabulate(
            rows, header, FORMATS[options.format], disable_numparse=True, colalign=align if rows else None
        )
        print(f"{heading}\n\n{shown}\n")


def read_run(name: str) -> Run:
    """The results of a run in this repository, from the workspace or from DVC's cache."""
    from dvc.api import DVCFileSystem
    from dvc.scm import RevError

    try:
        read = _read_file if name == "workspace" else DVCFileSystem(rev=name).read_text
        parameters, *tables = map(read, FILES)
    except RevError:
        raise UserError(f'there is no revision or experiment "{name}"; see: dvc exp list --all') from None
    except FileNotFoundError:
        fix = "dvc repro"
        if name != "workspace":
            fix = f"git checkout {name} && dvc repro; for an experiment: dvc exp apply {name} && dvc repro"
        raise UserError(f"the results of {name} are not in DVC's cache; to restore them: {fix}") from None
    return Run(name, yaml.safe_load(parameters), *(pd.read_csv(io.StringIO(text)) for text in tables))


def _read_file(path: str | Path) -> str:
    return Path(path).read_text(encoding="utf-8")


def compare(first: Run, second: Run) -> Iterator[Section]:
    """The parameters that differ, and for each part of the held-out ratings, the metrics of both runs."""
    names = [first.name, second.name]
    changes = differing(first.parameters, second.parameters)
    yield "Parameters that differ:", ["", *names], [[key, *map(str, changes[key])] for key in changes]
    if not first.predictions[RATING].equals(second.predictions[RATING]):
        check_split(names, changes)
        print(
            "Note: seed also chose the held-out ratings, so the intervals are wide; --seeds compares means.\n"
        )
    both = pd.concat([first.scores.assign(method="A"), second.scores.assign(method="B")])
    for part, scores in both.groupby("part", sort=False):
        summary, rows = summarise(scores, "A", seed=0), []
        for (metric, run), other in summary.items():
            if (
                run == "B"
                and (metric, "A") in summary
                and not metric.startswith(("coverage", "popularity", "corrected"))
            ):
                values = [f"{each.value:.4f}" for each in (summary[metric, "A"], other)]
                rows.append([METRICS.get(metric, metric), *values, *verdict(metric, *other[3:])])
        heading = f"{str(part).capitalize()} ratings, of {scores['user'].nunique():,} users:"
        yield heading, ["", *names, "difference", "95 % interval", second.name], rows


def differing(first: dict[str, Any], second: dict[str, Any]) -> Changes:
    """Both values of each key that differ."""
    pairs = {key: (first.get(key), second.get(key)) for key in first | second}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def check_split(names: list[str], changes: Changes) -> None:
    """Raise UserError as two runs have other held-out ratings, unless their `seed` is all that differs."""
    if [*changes] != ["seed"]:
        why = [f"{key} is {changes[key][0]} and {changes[key][1]}" for key in SPLIT if key in changes]
        problem = (
            f"{' and '.join(names)} have other held-out ratings: {', '.join(why) or 'other data or code'}"
        )
        raise UserError(f"{problem}; compare runs that share these, or several seeds with --seeds")


def verdict(metric: str, difference: float, low: float, high: float) -> list[str]:
    """A difference, its interval, and in words whether it is beyond chance."""
    better = "better" if (difference < 0) == metric.endswith(LOWER_IS_BETTER) else "worse"
    words = "within chance" if low <= 0 <= high else f"{better}, beyond chance"
    return [f"{difference:+.4f}", f"[{low:+.4f}, {high:+.4f}]", words]


def read_experiments(saved: Path | None) -> tuple[pd.DataFrame, list[str]]:
    """A row for each finished run: its name (run), its parameters and its metrics; the parameters' names."""
    if saved:
        text = _read_file(saved)
    else:
        command = [sys.executable, "-m", "dvc", "exp", "show", "--csv"]
        shown = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
        if shown.returncode:
            raise UserError(f"{shown.stderr.strip()}; if experiments are running, try again")
        text = shown.stdout
    table = pd.read_csv(io.StringIO(text or "nothing"), dtype="string", keep_default_na=False)
    if "State" in table:  # what still runs shows the metrics of the commit that it started from
        table = table[table["State"].isin(["", "Success"])]
    if not {"Experiment", "seed", "rmse"} <= {*table}:
        raise UserError(f"{saved or 'dvc exp show'} has no experiments with test ratings")
    keys = [key for key in yaml.safe_load(_read_file("params.yaml")) if key in table]
    run = table["Experiment"].where(table["Experiment"] != "", table.get("rev", "HEAD"))
    others = table.drop(columns=[*OF_DVC, *keys, *table.filter(like="/")], errors="ignore")
    metrics = others.apply(pd.to_numeric, errors="coerce").astype(float).dropna(axis="columns", how="all")
    return table[keys].assign(run=run).join(metrics)[metrics["rmse"].notna() & (run != "workspace")], keys


def compare_seeds(experiments: pd.DataFrame, keys: list[str], first: str, second: str) -> Iterator[Section]:
    """Means over the seeds that both groups of runs have, in pairs, with 95 % intervals by Student's t."""
    settings, groups = [key for key in keys if key != "seed"], []
    for name in (first, second):
        own = experiments[experiments["run"] == name]
        if own.empty:
            known = ", ".join(experiments["run"])
            raise UserError(f'no finished experiment is called "{name}"; there are: {known}')
        same = (experiments[settings] == own[settings].iloc[0]).all(axis="columns")
        groups.append(experiments[same].drop_duplicates("seed").set_index("seed"))
    one, other = ({key: group[key].iloc[0] for key in settings} for group in groups)
    changes = differing(one, other)
    yield "Parameters that differ:", ["", first, second], [[key, *changes[key]] for key in changes]
    if {*SPLIT} & {*changes}:
        check_split([first, second], changes)
    values = pd.concat(dict(zip("AB", groups, strict=True)), axis="columns", join="inner")
    if len(values) < 2:
        raise UserError(f"{first} and {second} have {len(values)} seeds in common, expected at least 2")
    rows = []
    for metric in groups[0].columns.drop([*settings, "run", *groups[0].filter(regex="^n_")]).astype(str):
        pair = values[[("A", metric), ("B", metric)]].dropna().to_numpy().T
        if len(pair.T) > 1:
            (mean, error), *means = map(mean_and_error, (pair[1] - pair[0], *pair))
            margin = stdtrit(len(pair.T) - 1, 0.975) * error
            shown, *rest = verdict(metric, mean, mean - margin, mean + margin)
            rows.append([metric, *(f"{m:.4f} ± {e:.4f}" for m, e in means), f"{shown} ± {error:.4f}", *rest])
    heading = f"Means ± standard errors over {len(values)} seeds, in pairs:"
    yield heading, ["", first, second, "difference", "95 % interval", second], rows


def mean_and_error(values: Float[np.ndarray, " seeds"]) -> tuple[float, float]:
    """The mean of several values, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5)


def rank(experiments: pd.DataFrame, keys: list[str]) -> Iterator[Section]:
    """A line for each setting: means ± standard errors over seeds, the lowest validation RMSE first."""
    settings = [key for key in keys if key != "seed"]
    varied = [key for key in settings if len(set(experiments[key])) > 1]
    metrics = [name for name in SHOWN if name in experiments]
    groups = experiments.groupby(settings, sort=False)
    mean, error = groups[metrics].mean(), groups[metrics].sem()
    shown = mean.map("{:.4f}".format) + error.map(" ± {:.4f}".format)
    lines = groups["run"].first().to_frame().join(mean.index.to_frame()[varied])
    lines = lines.assign(seeds=groups["seed"].nunique()).join(shown.replace("^nan.*| ± nan", "", regex=True))
    lines = lines.iloc[mean.get("validation_rmse", mean["rmse"]).argsort(kind="stable")]
    yield "The lowest validation RMSE first:", [*lines], lines.astype(str).to_numpy().tolist()


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # no error if a reader such as `head` ends early
    with report_errors("compare"):
        main()
