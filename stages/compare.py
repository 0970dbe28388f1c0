"""compare: do two runs differ by more than chance, and which of many is the best?

Of two runs, the differences of their metrics on the validation and on the test ratings are shown with 95 %
intervals by the bootstrap over users. Of all experiments, those that differ in `seed` alone are one line, and
the lowest validation RMSE is first. Choose by the validation ratings; the test ratings are for the final
comparison.

  python -m stages.compare                   all experiments, and the commit that they started from
  python -m stages.compare HEAD workspace    after: dvc exp run -S latent_factors=16
  python -m stages.compare main five         a branch, tag or commit, and an experiment called five
  python -m stages.compare one two --seeds   each with the experiments that differ from it in seed alone
  python -m stages.compare --csv FILE        experiments from a table by: dvc exp show --csv
"""

import argparse
import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from stages.core.cli import UserError, printable, report_errors
from stages.core.parameters import read_yaml
from stages.plotting.results import METRICS, table
from stages.ranking.bootstrap import mean_difference, summarise
from stages.ranking.metrics import MODEL

FILES = "params.yaml", "data/predictions.csv", "data/scores.csv"
RATING = ["part", "user", "movie", "rating"]
SPLIT = "dataset split fold test_fraction validation_fraction seed".split()  # determine what is held out
SHOWN = ["validation_rmse", "validation_ndcg_at_10", "rmse", "ndcg_at_10", "coverage_80"]
LOWER_IS_BETTER = "rmse", "mae", "popularity_explained"
OF_DVC = ["Experiment", "rev", "typ", "Created", "parent", "State", "Executor"]
FORMATS = {"text": "plain", "markdown": "pipe", "latex": "latex_booktabs"}

Section = tuple[str, list[str], list[list[str]]]  # a heading; the header and the rows of the table below


class Run(NamedTuple):
    """What a run has left."""

    name: str
    parameters: dict[str, Any]
    predictions: pd.DataFrame
    scores: pd.DataFrame


def main() -> None:
    """Run the command; raises UserError if its arguments are invalid."""
    parser = argparse.ArgumentParser("python -m stages.compare", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
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
        experiments = read_experiments(options.csv)
        sections = compare_seeds(*experiments, *options.runs) if options.runs else rank(*experiments)
    for heading, header, rows in sections:
        print(printable(f"{heading}\n\n{table(header, rows, FORMATS[options.format])}\n"))


def read_run(name: str) -> Run:
    """The results of a run in this repository, from the workspace or from DVC's cache."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import RevError

    try:
        parameters, *tables = map(DVCFileSystem(rev=None if name == "workspace" else name).read_text, FILES)
    except RevError:
        raise UserError(f'there is no revision or experiment "{name}"; see: dvc exp list --all') from None
    except DvcException as error:
        raise UserError(str(error)) from None
    except FileNotFoundError:
        fix = f"git checkout {name} && dvc repro; for an experiment: dvc exp apply {name} && dvc repro"
        fix = "dvc repro" if name == "workspace" else fix
        raise UserError(f"the results of {name} are not in DVC's cache; to restore them: {fix}") from None
    found = [_read_table(text, f"{file} of {name}") for file, text in zip(FILES[1:], tables, strict=True)]
    if not {*RATING} <= {*found[0]} or not {"part", "user", "method", "n_ratings"} <= {*found[1]}:
        raise UserError(f"{' and '.join(FILES[1:])} of {name} are damaged; run: dvc repro -f evaluate")
    predictions, scores = found
    read = read_yaml(parameters, f"{FILES[0]} of {name}")
    return Run(name, read, predictions, scores[scores["method"] == MODEL])


def _read_table(text: str, source: str, **options: Any) -> pd.DataFrame:
    try:
        table: pd.DataFrame = pd.read_csv(io.StringIO(text), **options)
    except ValueError as error:  # of the parser, too
        raise UserError(f"{source} is not a table in CSV: {' '.join(str(error).split())}") from None
    return table


def compare(first: Run, second: Run) -> Iterator[Section]:
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


def read_experiments(saved: Path | None) -> tuple[pd.DataFrame, list[str]]:
    """A row for each finished run: its name (run), its parameters and its metrics; the parameters' names."""
    if saved:
        text = saved.read_text(encoding="utf-8", errors="replace")
    else:
        command = [sys.executable, "-m", "dvc", "exp", "show", "--csv"]
        done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
        if done.returncode:
            raise UserError(f"{done.stderr.strip()}; if experiments are running, try again")
        text = done.stdout
    shown = _read_table(text, str(saved or "dvc exp show"), dtype="string", keep_default_na=False)
    if "State" in shown:  # what still runs shows the metrics of the commit that it started from
        shown = shown[shown["State"].isin(["", "Success"])]
    if not {"Experiment", "seed", "rmse"} <= {*shown}:
        raise UserError(f"{saved or 'dvc exp show'} has no experiments with test ratings")
    text = Path("params.yaml").read_text(encoding="utf-8", errors="replace")
    keys = [key for key in read_yaml(text, "params.yaml") if key in shown]
    if "seed" not in keys or len(keys) < 2:
        raise UserError("params.yaml has too few parameters of these experiments: seed and others")
    run = shown["Experiment"].where(shown["Experiment"] != "", shown.get("rev", "HEAD"))
    others = shown.drop(columns=[*OF_DVC, *keys, *shown.filter(like="/")], errors="ignore")
    metrics = others.apply(pd.to_numeric, errors="coerce").astype(float).dropna(axis="columns", how="all")
    return shown[keys].assign(run=run).join(metrics)[metrics["rmse"].notna() & (run != "workspace")], keys


def compare_seeds(experiments: pd.DataFrame, keys: list[str], first: str, second: str) -> Iterator[Section]:
    """Means over the seeds that both groups of runs have, in pairs, with 95 % intervals by Student's t."""
    settings = [key for key in keys if key != "seed"]
    named = experiments.drop_duplicates("run").set_index("run")[settings]
    if unknown := [name for name in (first, second) if name not in named.index]:
        known = ", ".join(named.index)
        raise UserError(f'no finished experiment is called "{unknown[0]}"; there are: {known}')
    ours, theirs = ({key: str(named[key][name]) for key in settings} for name in (first, second))
    same = all(ours.get(key) == theirs.get(key) for key in SPLIT)
    yield changes((first, second), ours, theirs, same)
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


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # no error if a reader such as `head` ends early
    with report_errors("compare"):
        main()
