"""Reads the three layouts in which MovieLens was released, straight from the zip.

Each gives the same two frames, their columns named and typed as in `RATINGS` and `MOVIES`.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pandas as pd

from stages import memory
from stages.command import UserError
from stages.movielens.catalogue import NO_GENRES

RATINGS = {"user_id": "int64", "movie_id": "int64", "rating": "float64", "timestamp": "int64"}
"""Ids as MovieLens gives them, stars, seconds since 1970."""
MOVIES = {"movie_id": "int64", "title": "str", "genres": "str"}
"""Title with its year, as released; genres joined by "|"."""
TAGS = {"user_id": "int64", "movie_id": "int64", "tag": "str"}
"""Free text that users put on movies; only the csv layout is read for it."""

_CSV_NAMES = {"userId": "user_id", "movieId": "movie_id"}
_ITEM_GENRES = (  # the order of the flags in ml-100k's u.item, from its u.genre
    f"{NO_GENRES}|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|"
    "Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western"
).split("|")


@dataclass(frozen=True)
class Member:
    """A file inside a zip, named in every error."""

    archive: zipfile.ZipFile
    name: str

    def table(self, columns: dict[str, str], **options: Any) -> pd.DataFrame:
        """Read it as `pandas.read_csv` would with `options`, each cell as its column's type.

        Raises UserError that names the first cell which is not of that type.
        """
        options = {"names": list(columns), "keep_default_na": False, "header": None, **options}
        try:
            with self.archive.open(self.name) as stream:
                table: pd.DataFrame = pd.read_csv(stream, dtype=columns, **options)
                return table
        except UnicodeDecodeError as error:
            raise UserError(f"{self.name} is not encoded as {error.encoding}: {error}") from error
        except pd.errors.EmptyDataError as error:
            raise UserError(f"{self.name} holds no rows") from error
        except pd.errors.ParserError as error:
            raise UserError(f"{self.name} is no well-formed table: {error}") from error
        except (ValueError, OverflowError) as error:
            with self.archive.open(self.name) as stream:
                cells = pd.read_csv(stream, dtype="str", **options)
            line = 1 + options.get("skiprows", 0)
            raise UserError(self._first_wrong_cell(cells, columns, line) or str(error)) from error

    def _first_wrong_cell(self, cells: pd.DataFrame, columns: dict[str, str], line: int) -> str | None:
        wrong = {}
        for name, dtype in columns.items():
            pattern = {"int64": r"\s*[+-]?\d{1,18}\s*", "float64": r"\s*[+-]?[\d.]+\s*"}.get(dtype, r"(?s).*")
            misfits = ~cells[name].fillna("").str.fullmatch(pattern)
            if misfits.any():
                wrong[name] = int(misfits.to_numpy().argmax())
        if not wrong:
            return None
        name = min(wrong, key=wrong.__getitem__)
        kind = "whole number" if columns[name] == "int64" else "number"
        value = cells[name].fillna("")[wrong[name]]
        return f"{self.name}, line {wrong[name] + line}: {name} is {value!r}, which is no {kind}"


def _csv_table(member: Member, columns: dict[str, str]) -> pd.DataFrame:
    """A table with a header: columns are found by name, in any order, others are passed over."""
    with member.archive.open(member.name) as stream:
        first = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace").readline()
    header = [_CSV_NAMES.get(name.strip(), name.strip()) for name in next(csv.reader([first]), [])]
    for name in columns:
        if header.count(name) != 1:
            problem = "appears more than once" if name in header else "is missing"
            raise UserError(f"{member.name}: column {name} {problem}; the header is {first.strip()!r}")
    found = sorted(columns, key=header.index)
    places = [header.index(name) for name in found]
    table = member.table(
        {name: columns[name] for name in found}, skiprows=1, usecols=places, encoding="utf-8"
    )
    return table[list(columns)]


def _csv_ratings(member: Member) -> pd.DataFrame:
    return _csv_table(member, RATINGS)


def _csv_movies(member: Member) -> pd.DataFrame:
    return _csv_table(member, MOVIES)


def _csv_tags(archive: zipfile.ZipFile, name: str | None) -> pd.DataFrame:
    if name is None:
        return pd.DataFrame({column: pd.Series(dtype=dtype) for column, dtype in TAGS.items()})
    return _csv_table(Member(archive, name), TAGS)


def _double_colon_ratings(member: Member) -> pd.DataFrame:
    # "::" would need pandas' slow parser; between single colons every second column is empty.
    return member.table(RATINGS, sep=":", usecols=[0, 2, 4, 6])


def _double_colon_movies(member: Member) -> pd.DataFrame:
    content = member.archive.read(member.name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # ml-1m is Latin-1, ml-10m UTF-8
    rows = [line.split("::") for line in text.splitlines() if line]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(MOVIES) or not row[0].isdecimal():
            raise UserError(f"{member.name}, line {number}: {'::'.join(row)!r} is not id::title::genres")
    return pd.DataFrame(rows, columns=list(MOVIES)).astype(MOVIES)


def _tab_ratings(member: Member) -> pd.DataFrame:
    return member.table(RATINGS, sep="\t")


def _pipe_movies(member: Member) -> pd.DataFrame:
    columns = {"movie_id": "int64", "title": "str"} | dict.fromkeys(_ITEM_GENRES, "int64")
    places = [0, 1, *range(5, 5 + len(_ITEM_GENRES))]
    table = member.table(columns, sep="|", usecols=places, encoding="latin-1", quoting=csv.QUOTE_NONE)
    flags = table[_ITEM_GENRES].to_numpy(dtype=bool)
    genres = ["|".join(pd.Index(_ITEM_GENRES)[row]) for row in flags]
    return table[["movie_id", "title"]].assign(genres=genres).astype(MOVIES)


class Layout(NamedTuple):
    """How one layout is recognised and read."""

    ratings: str
    movies: str
    read_ratings: Callable[[Member], pd.DataFrame]
    read_movies: Callable[[Member], pd.DataFrame]
    first_line: int
    """The line of the first rating, counted from 1."""


LAYOUTS = (
    Layout("ratings.csv", "movies.csv", _csv_ratings, _csv_movies, first_line=2),
    Layout("ratings.dat", "movies.dat", _double_colon_ratings, _double_colon_movies, first_line=1),
    Layout("u.data", "u.item", _tab_ratings, _pipe_movies, first_line=1),
)


class Release(NamedTuple):
    """A release as read: every cell of its type, nothing else checked."""

    ratings: pd.DataFrame
    movies: pd.DataFrame
    tags: pd.DataFrame
    """Without rows where the release has no tags."""
    source: str
    """The ratings' member, for errors."""
    first_line: int


BYTES_PER_BYTE = 6
"""Of memory that reading ratings, and all that is made of them, takes for each byte of their file."""


def read(path: Path) -> Release:
    """Read a MovieLens zip without unpacking it to disk.

    Raises UserError when it is no complete zip, lacks a member, would not fit into memory, or a cell is not
    of its column's type.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {PurePosixPath(name).name: name for name in archive.namelist()}
            layout = _recognise(path, names)
            needed = BYTES_PER_BYTE * archive.getinfo(names[layout.ratings]).file_size
            memory.require(needed, f"reading {names[layout.ratings]}", "choose a smaller dataset")
            ratings = Member(archive, names[layout.ratings])
            movies = Member(archive, names[layout.movies])
            return Release(
                ratings=layout.read_ratings(ratings),
                movies=layout.read_movies(movies),
                tags=_csv_tags(archive, names.get("tags.csv")),
                source=ratings.name,
                first_line=layout.first_line,
            )
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise UserError(f"{path} is no complete, readable zip ({error}); fetch it again") from error


def _recognise(path: Path, names: dict[str, str]) -> Layout:
    for layout in LAYOUTS:
        if layout.ratings in names and layout.movies in names:
            return layout
    wanted = " nor ".join(f"{layout.ratings} with {layout.movies}" for layout in LAYOUTS)
    raise UserError(f"{path} holds neither {wanted}, but {', '.join(sorted(names)) or 'nothing'}")
