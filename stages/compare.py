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
from pathlib import Path
from typing import Any

import pandas as pd

from stages.core.cli import Parser, UserError, printable, report_errors
from stages.core.parameters import read_yaml
from stages.plotting.comparison import RATING, Run, compare_runs, compare_seeds, rank
from stages.plotting.results import table
from stages.ranking.metrics import MODEL

FILES = "params.yaml", "data/predictions.csv", "data/scores.csv"
OF_DVC = ["Experiment", "rev", "typ", "Created", "parent", "State", "Executor"]
FORMATS = {"text": "plain", "markdown": "pipe", "latex": "latex_booktabs"}


def main() -> None:
    """Run the command; raises UserError if its arguments are invalid."""
    parser = Parser("python -m stages.compare", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("runs", nargs="*", metavar="A B", help="workspace, a Git revision, or the name of an experiment")
    add("--seeds", action="store_true", help="compare means over runs that differ in seed alone")
    add("--csv", type=Path, metavar="FILE", help="experiments of this table, not those of this repository")
    add("--format", choices=FORMATS, default="text", help="of the tables (default: text)")
    options = parser.parse_args()
    if len(options.runs) not in (0, 2) or "" in options.runs:
        raise UserError(f"expected two runs or none, got {options.runs}; for example: HEAD workspace")
    if options.runs and not (options.seeds or options.csv):
        sections = compare_runs(*map(read_run, options.runs))
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
    except UnicodeDecodeError as error:
        raise UserError(f"{' or '.join(FILES)} of {name} is not UTF-8: {error}") from None
    except (RevError, AttributeError, ValueError):  # of a folder, such as HEAD:stages, or an impossible name
        raise UserError(
            f'there is no revision or experiment "{name:.100}"; see: dvc exp list --all'
        ) from None
    except DvcException as error:
        raise UserError(str(error)) from None
    except FileNotFoundError:
        fix = f"git checkout {name} && dvc repro; for an experiment: dvc exp apply {name} && dvc repro"
        fix = "dvc repro" if name == "workspace" else f"{fix} (then commit what differs on your processor)"
        raise UserError(f"the results of {name} are not in DVC's cache; to restore them: {fix}") from None
    sources = [f"{file} of {name}" for file in FILES]
    predictions, scores = map(_read_table, tables, sources[1:])
    if not {*RATING} <= {*predictions} or not {"part", "user", "method", "n_ratings"} <= {*scores}:
        raise UserError(f"{' and '.join(FILES[1:])} of {name} are damaged; run: dvc repro -f evaluate")
    return Run(name, read_yaml(parameters, sources[0]), predictions, scores[scores["method"] == MODEL])


def _read_table(text: str, source: str, **options: Any) -> pd.DataFrame:
    try:
        table: pd.DataFrame = pd.read_csv(io.StringIO(text), **options)
    except ValueError as error:  # of the parser, too
        raise UserError(f"{source} is not a table in CSV: {' '.join(str(error).split())}") from None
    return table


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


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # no error if a reader such as `head` ends early
    with report_errors("compare"):
        main()
