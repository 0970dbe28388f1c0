"""Reads the table of movies."""

from pathlib import Path

import pandas as pd


def read_movies(path: Path) -> pd.DataFrame:
    """A table of movies as `prepare` or `cluster` wrote it; a film called "NA" keeps its title."""
    integers = dict.fromkeys(["year", "imdb_id", "tmdb_id"], "Int64")
    gaps = dict.fromkeys([*integers, "x", "y"], "")
    return pd.read_csv(path, dtype=integers, keep_default_na=False, na_values=gaps)
