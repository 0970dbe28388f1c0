"""summary: repeated experiments on standard input → mean ± standard error over their seeds.

    dvc exp show --csv | python -m stages.summary

Experiments that differ only in `seed` are one line; parameters are shown if they differ between lines. `n` is
the number of seeds; with one there is no standard error.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
import yaml

from stages.core.cli import UserError

METRICS = ["rmse", "mae", "ndcg_at_10", "recall_at_10", "coverage.50", "coverage.80", "coverage.95"]
TEST = "metrics/test.json:"


def main() -> None:
    """Summarize the output of `dvc exp show --csv`."""
    formatter = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser("python -m stages.summary", None, __doc__, formatter_class=formatter).parse_args()
    if sys.stdin.isatty():
        sys.exit("summary: nothing to read; use: dvc exp show --csv | python -m stages.summary")
    try:
        keys = list(yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8")))
        print(summarise(pd.read_csv(sys.stdin), keys).to_string(index=False))
    except (UserError, OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        sys.exit(f"summary: {error}")


def summarise(experiments: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """A line for each set of parameters, the one with the lowest RMSE first.

    `experiments` has a row for each run, `keys` are the names of the parameters. Raises UserError when there
    is no experiment with test metrics.
    """
    table = experiments.rename(columns=lambda name: name.removeprefix("params.yaml:").removeprefix(TEST))
    if not {"rmse", "Experiment"} <= set(table):
        raise UserError("there are no test metrics in the input; use: dvc exp show --csv")
    metrics = [name for name in METRICS if name in table]
    table[metrics] = table[metrics].apply(pd.to_numeric, errors="coerce")  # "-" while a run is queued
    table = table.dropna(subset=["Experiment", "rmse"])
    if table.empty:
        raise UserError("there are no finished experiments; queue some with: dvc exp run --queue -S ...")
    settings = [key for key in keys if key in table and key != "seed"]
    table = table.astype(dict.fromkeys(settings, str))
    varied = [key for key in settings if len(set(table[key])) > 1]
    groups = table.groupby(settings, sort=False)
    mean, error = groups[metrics].mean(), groups[metrics].sem()
    shown = mean.map("{:.4f}".format) + error.map(" ± {:.4f}".format)
    lines = mean.index.to_frame()[varied].assign(n=groups["seed"].nunique())
    lines = lines.join(shown.replace("^nan| ± nan", "", regex=True))
    return lines.iloc[mean["rmse"].argsort()].reset_index(drop=True)


if __name__ == "__main__":
    main()
