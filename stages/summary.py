"""summary: repeated experiments on standard input → mean ± standard error over their seeds.

    dvc exp show --csv | python -m stages.summary

Experiments that differ in nothing but `seed` are one line; of their parameters those are shown in which the
lines differ. `n` is how many seeds there are; with one there is no standard error.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
import yaml

from stages.core.cli import UserError

MEASURES = ["rmse", "mae", "ndcg_at_10", "recall_at_10", "coverage.50", "coverage.80", "coverage.95"]


def main() -> None:
    """Summarise what `dvc exp show --csv` prints."""
    parser = argparse.ArgumentParser(prog="python -m stages.summary", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.parse_args()
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
    table = experiments.rename(columns={f"params.yaml:{key}": key for key in keys})
    table = table.rename(columns={f"metrics/test.json:{measure}": measure for measure in MEASURES})
    if "rmse" not in table or "Experiment" not in table:
        raise UserError("there are no test metrics in the input; use: dvc exp show --csv")
    measures = [measure for measure in MEASURES if measure in table]
    table[measures] = table[measures].apply(pd.to_numeric, errors="coerce")  # "-" while a run is queued
    table = table[table["Experiment"].notna() & table["rmse"].notna()]
    if table.empty:
        raise UserError("there are no finished experiments; queue some with: dvc exp run --queue -S ...")
    settings = [key for key in keys if key in table and key != "seed"]
    varied = [key for key in settings if len(set(table[key].astype(str))) > 1]
    table[settings] = table[settings].astype(str)
    groups = table.groupby(settings, sort=False)
    means, errors, count = groups[measures].mean(), groups[measures].sem(), groups["seed"].nunique()
    lines = means.index.to_frame(index=False)[varied].assign(n=count.to_numpy())
    for measure in measures:
        pairs = zip(means[measure], errors[measure], strict=True)
        lines[measure] = [_shown(mean, error) for mean, error in pairs]
    return lines.iloc[means["rmse"].argsort().to_numpy()]


def _shown(mean: float, error: float) -> str:
    if pd.isna(mean):
        return ""
    return f"{mean:.4f}" if pd.isna(error) else f"{mean:.4f} ± {error:.4f}"


if __name__ == "__main__":
    main()
