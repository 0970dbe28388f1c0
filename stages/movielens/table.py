"""Tables in the members of a zip: every cell of its column's type, or the first that is not is named."""

import csv
import io
import math
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import pandas as pd

from stages.core.cli import UserError
from stages.movielens.archive import Member

SHOWN = 60
"""Characters of a wrong value in an error."""
LONGEST_HEADER = 10_000
"""Characters."""

INEXACT = 2**53
"""From here on pandas rounds a whole number that is near one with decimals."""

_WHOLE = re.compile(r"\s*[+-]?\d{1,4000}\s*", re.ASCII)
_KINDS = {"int64": "whole number of 64 bits", "float64": "number"}
_PASSED_OVER = "S1"
"""The type of a cell that nobody wants: its first byte, which costs least."""


def shown(value: str) -> str:
    """A value as it stands in an error, its end left out if it is long."""
    return repr(value) if len(value) <= SHOWN else f"{value[:SHOWN]!r}…"


@dataclass(frozen=True)
class Table:
    """How the rows of a member are written."""

    member: Member
    separator: str = ","
    encoding: str = "utf-8"
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    n_headers: int = 0
    """Rows above the first."""

    def header(self) -> list[str]:
        """The cells of the first line."""
        with self.member.open() as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            return next(csv.reader([text.readline(LONGEST_HEADER)], delimiter=self.separator), [])

    def read(self, columns: dict[str, str], places: list[int], width: int) -> pd.DataFrame:
        """The `columns`, by name and type, that are at these `places` in rows of `width` cells.

        Raises UserError that names the first row of another width, or cell of another type.
        """
        names = [f"cell {place}" for place in range(width)]
        for name, place in zip(columns, places, strict=True):
            names[place] = name
        types = dict.fromkeys(names, _PASSED_OVER) | columns
        try:
            table = self._parse(names, types)[list(columns)]
        except UnicodeDecodeError as error:
            raise UserError(self._not_encoded()) from error
        except pd.errors.EmptyDataError:
            return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})
        except (ValueError, OverflowError, pd.errors.ParserWarning) as error:
            raise UserError(self._first_wrong(names, types) or f"{self.member.name}: {error}") from error
        largest = table.select_dtypes("int64").max().max()
        if largest >= INEXACT and (wrong := self._first_wrong(names, types)):
            raise UserError(wrong)
        return table

    def line_of(self, row: int) -> int:
        """The line, counted from 1, on which a row begins: cells may have line breaks, and lines be empty."""
        line, _ = next(islice(self._rows(), row, None))
        return line

    def _parse(self, names: list[str], types: dict[str, str]) -> pd.DataFrame:
        with self.member.open() as stream, warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a first row that is too long
            warnings.simplefilter(
                "ignore", RuntimeWarning
            )  # a whole number that does not fit: an error follows
            table: pd.DataFrame = pd.read_csv(
                stream,
                names=names,
                dtype=types,
                sep=self.separator,
                encoding=self.encoding,
                quoting=self.quoting,
                skiprows=self.n_headers,
                header=None,
                index_col=False,
                keep_default_na=False,
            )
            return table

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not empty below the header, and the line on which it begins."""
        csv.field_size_limit(sys.maxsize)
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        with self.member.open() as stream:
            text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
            reader = csv.reader(text, delimiter=self.separator, quoting=self.quoting)
            line = 1
            for number, cells in enumerate(reader):
                if number >= self.n_headers and (len(cells) > 1 or "".join(cells).strip()):
                    yield line, cells
                line = reader.line_num + 1

    def _first_wrong(self, names: list[str], types: dict[str, str]) -> str | None:
        for line, cells in self._rows():
            place, row = f"{self.member.name}, line {line}", self.separator.join(cells)
            if len(cells) != len(names):
                many = f"put a cell with {self.separator!r} in it into quotes"
                remedy = many if len(cells) > len(names) else "is it cut off, or a quote not closed?"
                return f"{place}: {shown(row)} has {len(cells)} cells instead of {len(names)}; {remedy}"
            for name, cell in zip(names, cells, strict=True):
                if not _fits(cell, types[name]):
                    return f"{place}: {name} is {shown(cell)}, which is no {_KINDS[types[name]]}"
        return None

    def _not_encoded(self) -> str:
        with self.member.open() as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    line.decode(self.encoding)
                except UnicodeDecodeError as error:
                    wrong = line[error.start : error.end]
                    place = f"{self.member.name}, line {number}"
                    return f"{place}: {wrong!r} is not {self.encoding.upper()}; save the file as UTF-8"
        return f"{self.member.name} is not {self.encoding.upper()}; save it as UTF-8"


def _fits(cell: str, dtype: str) -> bool:
    if dtype == "int64":
        return bool(_WHOLE.fullmatch(cell)) and -(2**63) <= int(cell) < 2**63
    if dtype == "float64":
        try:
            return not math.isnan(float(cell)) and "_" not in cell
        except ValueError:
            return False
    return True
