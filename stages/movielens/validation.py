"""Reads a table of a release, and finds the line of a cell of the wrong type or of a broken rule."""

import csv
import io
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from typing import IO, Any, NamedTuple

import pandas as pd

from stages.core.cli import UserError, printable
from stages.movielens.ratings import MAX_MINUTES

Schema = dict[str, str]  # columns and their pandas dtypes
RATINGS: Schema = {"userId": "int64", "movieId": "int64", "rating": "float64", "timestamp": "int64"}
CONTROL_CHARACTERS = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+"
SEPARATOR = "\x1f"  # replaces "::", for which pandas has no fast parser
LATEST = MAX_MINUTES * 60 - 1  # seconds since 1970
MAX_TEXT = 1_000  # characters of a title, of all genres of a movie, or of a tag
EXPECTED = {"int64": "a whole number of 64 bits", "float64": "a number", "str": "UTF-8 text"}


class Table(NamedTuple):
    """A file of a release; a csv file has a header and columns in any order, other files have neither."""

    name: str
    schema: Schema
    separator: str = ","


def read_table(archive: zipfile.ZipFile, file: str, table: Table) -> pd.DataFrame:
    """A table with control characters replaced by spaces; raises UserError for the first wrong line."""
    found = None
    try:
        with archive.open(file) as source:
            frame: pd.DataFrame = _parse(source, table, dtype=defaultdict(lambda: "str", table.schema))
        frame = frame[list(table.schema)]
    except pd.errors.ParserWarning:
        found = 0, "too many fields"
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        problem = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise UserError(f"{file}: {problem}") from error
    except (ValueError, LookupError, OverflowError) as error:
        text = {"dtype": "str", "encoding_errors": "replace"}
        with archive.open(file) as source, _parse(source, table, **text, chunksize=10**6) as chunks:
            found = _wrong_cell(chunks, table.schema)
        if not found:
            raise UserError(f"{file}: {error}") from error
    else:
        found = broken_rule(frame)
    if found:
        raise UserError(f"{file}, line {_line(archive, file, table, found[0])}: {found[1]}")
    if table.schema is RATINGS and frame.empty:
        raise UserError(f"{file} contains no ratings")
    print(f"prepare: {printable(file)}: {len(frame)} rows")
    return frame.replace(CONTROL_CHARACTERS, " ", regex=True)


def _line(archive: zipfile.ZipFile, file: str, table: Table, row: int) -> int:
    """The line on which a row begins: cells of a csv file may contain line breaks, row -1 is its header."""
    is_csv, start = table.separator == ",", 1
    csv.field_size_limit(2**31 - 1)
    with io.TextIOWrapper(archive.open(file), "utf-8", "replace", newline="") as lines:
        reader = csv.reader(lines, quoting=csv.QUOTE_MINIMAL if is_csv else csv.QUOTE_NONE)
        row += is_csv
        for cells in reader:
            row -= bool("".join(cells).strip() or cells[1:])  # pandas skips blank lines
            if row < 0:
                break
            start = reader.line_num + 1
    return start


def _parse(source: io.BufferedIOBase | IO[bytes], table: Table, **options: Any) -> Any:
    """What `pandas.read_csv` returns; raises ParserWarning if the first line is too long."""
    if table.separator != ",":
        content = source.read()
        try:
            content.decode()
        except UnicodeDecodeError:
            options["encoding"] = "latin-1"  # ml-100k and ml-1m
        source = io.BytesIO(content.replace(table.separator.encode(), SEPARATOR.encode()))
        options |= {"sep": SEPARATOR, "names": list(table.schema), "quoting": csv.QUOTE_NONE}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(source, index_col=False, keep_default_na=False, **options)


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


def _wrong_cell(chunks: Iterable[pd.DataFrame], schema: Schema) -> tuple[int, str] | None:
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
