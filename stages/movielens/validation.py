"""The rules that a release must follow, and the search for a cell of the wrong type."""

from collections.abc import Iterable

import pandas as pd

from stages.movielens.ratings import MAX_MINUTES

Schema = dict[str, str]  # columns and their pandas dtypes
LATEST = MAX_MINUTES * 60 - 1  # seconds since 1970
MAX_TEXT = 1_000  # characters of a title, of all genres of a movie, or of a tag
EXPECTED = {"int64": "a whole number of 64 bits", "float64": "a number", "str": "UTF-8 text"}


def broken_rule(table: pd.DataFrame) -> tuple[int, str] | None:
    """The first row of a table that breaks a rule, from 0, and its problem."""
    ids = table.filter(regex="Id$", axis="columns").select_dtypes("int64")
    rules = {"ids must be 0 to 2^53 - 1": ids.ge(0).all(axis=1) & ids.lt(2**53).all(axis=1)}
    if "rating" in table:
        stars = table["rating"]
        rules["rating must be 0.5 to 5 in steps of 0.5"] = stars.between(0.5, 5) & (stars % 0.5 == 0)
        rules[f"timestamp must be 0 to {LATEST} (s since 1970)"] = table["timestamp"].between(0, LATEST)
        rules["this user has rated this movie before"] = ~table.duplicated(["userId", "movieId"])
    elif "userId" not in table:
        rules["this movie has been listed before"] = ~table["movieId"].duplicated()
    for text in table.filter(["title", "genres", "tag"]):
        rules[f"{text} must have at most {MAX_TEXT} characters"] = table[text].str.len() <= MAX_TEXT
    for rule, valid in rules.items():
        if not valid.all():
            row = int(valid.to_numpy().argmin())
            values = ", ".join(f"{name} {table[name].iloc[row]!s:.80}" for name in table)
            return row, f"{values:.200}: {rule}"
    return None


def wrong_cell(chunks: Iterable[pd.DataFrame], schema: Schema) -> tuple[int, str] | None:
    """The first row, from 0 (-1: the header), of a table of texts that does not fit its schema, and why."""
    for chunk in chunks:
        if missing := [name for name in schema if name not in chunk]:
            return -1, f"column {missing[0]} is missing; the header is {','.join(map(str, chunk))!r:.80}"
        wrong = {name: _is_wrong(chunk[name], dtype).to_numpy() for name, dtype in schema.items()}
        if found := [(int(cells.argmax()), name) for name, cells in wrong.items() if cells.any()]:
            row, name = min(found)
            problem = f"{name} is {chunk[name].iloc[row]!r:.80}, expected {EXPECTED[schema[name]]}"
            return int(chunk.index[row]), problem
    return None


def _is_wrong(cells: pd.Series, dtype: str) -> pd.Series:
    if dtype == "str":
        return cells.str.contains("\N{REPLACEMENT CHARACTER}", regex=False)
    number = pd.to_numeric(cells, errors="coerce")
    return number.isna() if dtype == "float64" else (number % 1 != 0) | (number.abs() >= 2**63)
