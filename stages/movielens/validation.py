"""The rules that a release must follow, and the search for a cell of the wrong type."""

from collections.abc import Iterable

import pandas as pd

from stages.core.cli import UserError
from stages.movielens.ratings import MAX_MINUTES

Schema = dict[str, str]
"""Columns and their pandas dtypes."""

LATEST = MAX_MINUTES * 60 - 1  # seconds since 1970
EXPECTED = {"int64": "a whole number of 64 bits", "float64": "a number", "str": "UTF-8 text"}


def check_rules(table: pd.DataFrame, file: str, first_line: int) -> None:
    """Raise UserError for the first row of ratings, movies or links that breaks a rule.

    Its line is counted without blank lines, and as if no cell contained a line break.
    """
    rules: dict[str, pd.Series] = {}
    if "userId" not in table:
        rules = {"this movie is also on an earlier line": ~table["movieId"].duplicated()}
    elif "rating" in table:
        stars = table["rating"]
        rules = {
            "rating must be 0.5 to 5 in steps of 0.5": stars.between(0.5, 5) & (stars % 0.5 == 0),
            "ids must not be negative": (table["userId"] >= 0) & (table["movieId"] >= 0),
            f"timestamp must be 0 to {LATEST} (s since 1970)": table["timestamp"].between(0, LATEST),
            "this user rated this movie on an earlier line": ~table.duplicated(["userId", "movieId"]),
        }
    for rule, valid in rules.items():
        if not valid.all():
            row = int(valid.to_numpy().argmin())
            values = ", ".join(f"{name} {table[name].iloc[row]}" for name in table)
            raise UserError(f"{file}, line {row + first_line}: {values:.200}: {rule}")


def find_wrong_cell(chunks: Iterable[pd.DataFrame], schema: Schema, first_line: int) -> str:
    """The first line of a table, read as text, that does not fit its schema; empty if all lines do."""
    for chunk in chunks:
        if missing := [name for name in schema if name not in chunk]:
            return f"line 1: column {missing[0]} is missing; the header is {','.join(map(str, chunk))!r:.80}"
        filled = (chunk != "").any(axis=1)
        wrong = {name: (filled & _is_wrong(chunk[name], dtype)).to_numpy() for name, dtype in schema.items()}
        if found := [(int(cells.argmax()), name) for name, cells in wrong.items() if cells.any()]:
            row, name = min(found)
            line, value = chunk.index[row] + first_line, chunk[name].iloc[row]
            return f"line {line}: {name} is {value!r:.80}, expected {EXPECTED[schema[name]]}"
    return ""


def _is_wrong(cells: pd.Series, dtype: str) -> pd.Series:
    if dtype == "str":
        return cells.str.contains("\N{REPLACEMENT CHARACTER}", regex=False)
    number = pd.to_numeric(cells, errors="coerce")
    return number.isna() if dtype == "float64" else (number % 1 != 0) | (number.abs() >= 2**63)
