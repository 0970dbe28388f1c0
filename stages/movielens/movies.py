"""Reads the table of movies."""

from pathlib import Path

import pandas as pd


def read_movies(path: Path) -> pd.DataFrame:
    """A table of movies as `prepare` or `cluster` wrote it; a film called "NA" keeps its title."""
    gaps = dict.fromkeys(["year", "x", "y"], "")
    return pd.read_csv(path, dtype={"year": "Int64"}, keep_default_na=False, na_values=gaps)
