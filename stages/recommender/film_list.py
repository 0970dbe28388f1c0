"""Reads the films that someone has watched from a CSV file, such as an export of Letterboxd or IMDb."""

import csv
import io
import math
from itertools import zip_longest
from pathlib import Path

from stages.core.cli import UserError, printable

TITLE = ("title", "name", "movie", "film")
YEAR = ("year", "release year")
RATING = ("your rating", "rating", "stars")  # "Your Rating", of IMDb, is from 1 to 10


def read(path: Path) -> list[tuple[str, float | None]]:
    """Titles, with years if the file has them, and stars (0.5 to 5) or None; UserError names a wrong line."""
    rows = _rows(path)
    if len(rows) < 2:
        raise UserError(f"{path} lists no films; expected columns such as title,year,rating, then the films")
    (place, header), *films = rows
    columns = [cell.casefold() for cell in header]
    title, year, rating = (next(filter(columns.__contains__, names), None) for names in (TITLE, YEAR, RATING))
    if title is None:
        raise UserError(f"{place}: no column is called {' or '.join(TITLE)}; there are: {', '.join(header)}")
    scale, found = 2 if rating == "your rating" else 1, list[tuple[str, float | None]]()
    for place, cells in films:
        if len(cells) > len(columns):
            counts = f"{len(cells)} cells under {len(columns)} columns"
            raise UserError(f"{place}: {counts}; a title with a comma in it must be in quotes")
        film = dict(zip_longest(columns, cells, fillvalue=""))
        if not film[title]:
            raise UserError(f"{place}: the {title} is empty")
        name, stars = film[title], None
        if year and film[year]:
            name += f" ({parse(f'{place}: {year}', film[year], 1800, 2200):.0f})"
        if rating and film[rating]:
            stars = parse(f"{place}: {rating}", film[rating], 0.5 * scale, 5 * scale) / scale
        found.append((name, stars))
    return found


def parse(name: str, text: str, lowest: float, highest: float) -> float:
    """The number in a text; raises UserError that names it unless it is from `lowest` to `highest`."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest:
        raise UserError(f"{name} is {text.strip()!r}, expected a number from {lowest:g} to {highest:g}")
    return value


def _rows(path: Path) -> list[tuple[str, list[str]]]:
    """The place and the cells of each line that is not empty."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line, wrong = 1 + error.object.count(b"\n", 0, error.start), error.object[error.start : error.end]
        raise UserError(f"{path}, line {line}: {wrong!r} is not UTF-8; save the file as UTF-8") from error
    first = next(filter(str.strip, text.splitlines()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max("\t,;", key=first.count), strict=True)
    rows, line = [], 1
    try:
        for cells in reader:
            rows.append((f"{path}, line {line}", [printable(cell.strip()) for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, line {line}: not valid CSV from here on: {error}") from error
    return [(place, cells) for place, cells in rows if any(cells)]
