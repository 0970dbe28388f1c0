"""Reads the films that someone has watched from a CSV file, such as an export of Letterboxd or IMDb."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stages.core.cli import UserError

TITLE = ("title", "name", "movie", "film")
YEAR = ("year", "release year")
OF_TEN = "your rating"
"""IMDb's column of ratings, which go from 1 to 10 there."""
RATING = (OF_TEN, "rating", "stars")


class Watched(NamedTuple):
    """A film as its row has it; a file may list a film twice."""

    title: str
    year: int | None
    stars: float | None
    """From 0.5 to 5."""


class _Row(NamedTuple):
    place: str
    """The file and the line, for errors."""
    cells: list[str]


class _Places(NamedTuple):
    """Where in a row the columns are."""

    title: int
    year: int | None
    rating: int | None


def read(path: Path) -> list[Watched]:
    """The films in a CSV file with a column of titles, and of years and ratings if it has them, in its order.

    Raises UserError that names the file, the line and the value which is wrong.
    """
    rows = _rows(path, _text(path))
    header = next(rows, None)
    if header is None:
        raise UserError(f"{path} is empty; its first line should name its columns, such as title,year,rating")
    places = _places(header)
    films = [_film(row, header.cells, places) for row in rows]
    if not films:
        raise UserError(f"{path} lists no films below its first line")
    return films


def _places(header: _Row) -> _Places:
    columns = [cell.casefold() for cell in header.cells]
    title, year, rating = (
        next((columns.index(name) for name in names if name in columns), None)
        for names in (TITLE, YEAR, RATING)
    )
    if title is None:
        found = ", ".join(filter(None, header.cells))
        raise UserError(f"{header.place}: no column is called {' or '.join(TITLE)}; there are: {found}")
    return _Places(title, year, rating)


def _film(row: _Row, names: list[str], places: _Places) -> Watched:
    if len(row.cells) > len(names):
        counts = f"{len(row.cells)} cells under {len(names)} columns"
        raise UserError(f"{row.place}: {counts}; a title with a comma in it must be in quotes")
    cells = row.cells + [""] * (len(names) - len(row.cells))
    title, year, rating = places
    if not cells[title]:
        raise UserError(f"{row.place}: the {names[title]} is empty")
    return Watched(
        title=cells[title],
        year=None if year is None else _year(row.place, cells[year]),
        stars=None if rating is None else _stars(row.place, names[rating], cells[rating]),
    )


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        wrong = content[error.start : error.end]
        raise UserError(f"{path}, line {line}: {wrong!r} is not UTF-8; save the file as UTF-8") from error


def _rows(path: Path, text: str) -> Iterator[_Row]:
    """Rows with anything in them; columns are parted by what the first such line has most of."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max("\t,;", key=first.count), strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield _Row(f"{path}, line {line}", stripped)
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, line {line}: no well-formed CSV from here on: {error}") from error


def _year(place: str, value: str) -> int | None:
    if value and not (value.isascii() and value.isdigit() and len(value) == 4):
        raise UserError(f"{place}: year is {value!r}, which is no year in four digits")
    return int(value) if value else None


def _stars(place: str, column: str, value: str) -> float | None:
    if not value:
        return None
    scale, lowest = (2, 1) if column.casefold() == OF_TEN else (1, 0.5)
    try:
        rating = float(value.replace(",", "."))
    except ValueError:
        rating = float("nan")
    if not lowest <= rating <= 5 * scale:
        raise UserError(f"{place}: {column} is {value!r}, which is no number from {lowest} to {5 * scale}")
    return rating / scale
