"""Reads the three layouts in which MovieLens was released, straight from the zip.

Each gives the same two frames, their columns named and typed as in `RATINGS` and `MOVIES`.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from stages.core.cli import UserError
from stages.core.compute import require_memory
from stages.movielens.archive import Archive, Member
from stages.movielens.catalogue import NO_GENRES
from stages.movielens.table import Table, shown

RATINGS = {"user_id": "int64", "movie_id": "int64", "rating": "float64", "timestamp": "int64"}
"""Ids as MovieLens gives them, stars, seconds since 1970."""
MOVIES = {"movie_id": "int64", "title": "str", "genres": "str"}
"""Title with its year, as released; genres joined by "|"."""
TAGS = {"user_id": "int64", "movie_id": "int64", "tag": "str"}
"""Free text that users put on movies; only the csv layout is read for it."""

_CSV_NAMES = {"userId": "user_id", "movieId": "movie_id"}
_ID = re.compile(r"\d{1,18}", re.ASCII)
_ITEM_GENRES = (  # the order of the flags in ml-100k's u.item, from its u.genre
    f"{NO_GENRES}|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|"
    "Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western"
).split("|")


def _csv(member: Member) -> Table:
    return Table(member, n_headers=1)


def _by_name(table: Table, columns: dict[str, str]) -> pd.DataFrame:
    """Columns are found by the names in the header, in any order; others are passed over."""
    cells = table.header()
    header = [_CSV_NAMES.get(name.strip(), name.strip()) for name in cells]
    for name in columns:
        if header.count(name) != 1:
            problem = "appears more than once" if name in header else "is missing"
            line = shown(",".join(cells))
            raise UserError(f"{table.member.name}: column {name} {problem}; the header is {line}")
    return table.read(columns, [header.index(name) for name in columns], len(header))


def _csv_ratings(table: Table) -> pd.DataFrame:
    return _by_name(table, RATINGS)


def _csv_movies(member: Member) -> pd.DataFrame:
    return _by_name(_csv(member), MOVIES)


def _csv_tags(member: Member) -> pd.DataFrame:
    return _by_name(_csv(member), TAGS)


def _double_colon(member: Member) -> Table:
    return Table(member, separator=":")  # "::" would need pandas' slow parser


def _double_colon_ratings(table: Table) -> pd.DataFrame:
    return table.read(RATINGS, [0, 2, 4, 6], width=7)


def _double_colon_movies(member: Member) -> pd.DataFrame:
    with member.open() as stream:
        content = stream.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # ml-1m is Latin-1, ml-10m UTF-8
    rows = []
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        row = line.rstrip("\n").split("::")
        if row == [""]:
            continue
        if len(row) != len(MOVIES) or not _ID.fullmatch(row[0]):
            raise UserError(f"{member.name}, line {number}: {shown('::'.join(row))} is not id::title::genres")
        rows.append(row)
    return pd.DataFrame(rows, columns=list(MOVIES)).astype(MOVIES)


def _tab(member: Member) -> Table:
    return Table(member, separator="\t")


def _tab_ratings(table: Table) -> pd.DataFrame:
    return table.read(RATINGS, [0, 1, 2, 3], width=4)


def _pipe_movies(member: Member) -> pd.DataFrame:
    columns = {"movie_id": "int64", "title": "str"} | dict.fromkeys(_ITEM_GENRES, "int64")
    width = 5 + len(_ITEM_GENRES)
    table = Table(member, separator="|", encoding="latin-1", quoting=csv.QUOTE_NONE)
    found = table.read(columns, [0, 1, *range(5, width)], width)
    flags = found[_ITEM_GENRES].to_numpy(dtype=bool)
    genres = ["|".join(pd.Index(_ITEM_GENRES)[row]) or NO_GENRES for row in flags]
    return found[["movie_id", "title"]].assign(genres=genres).astype(MOVIES)


class Layout(NamedTuple):
    """How one layout is recognised and read."""

    ratings: str
    movies: str
    table: Callable[[Member], Table]
    """How its ratings are written."""
    read_ratings: Callable[[Table], pd.DataFrame]
    read_movies: Callable[[Member], pd.DataFrame]


LAYOUTS = (
    Layout("ratings.csv", "movies.csv", _csv, _csv_ratings, _csv_movies),
    Layout("ratings.dat", "movies.dat", _double_colon, _double_colon_ratings, _double_colon_movies),
    Layout("u.data", "u.item", _tab, _tab_ratings, _pipe_movies),
)


class Release(NamedTuple):
    """A release as read: every cell of its type, nothing else checked."""

    ratings: pd.DataFrame
    movies: pd.DataFrame
    tags: pd.DataFrame
    """Without rows where the release has no tags."""
    source: str
    """The ratings' member, for errors,"""
    line_of: Callable[[int], int]
    """and the line of each of its rows, counted from 1."""


BYTES_PER_BYTE = 6
"""Of memory that reading a release, and all that is made of it, takes for each byte of its files."""


def read(path: Path) -> Release:
    """Read a MovieLens zip without unpacking it to disk.

    Raises UserError when it is no complete zip, lacks a member, would not fit into memory, or a cell is not
    of its column's type.
    """
    archive = Archive(path)
    layout = _recognise(archive)
    ratings, movies = archive.member(layout.ratings), archive.member(layout.movies)
    tags = archive.member("tags.csv") if "tags.csv" in archive else None
    size = sum(member.size for member in (ratings, movies, tags) if member)
    require_memory(BYTES_PER_BYTE * size, f"reading {ratings.name}", "choose a smaller dataset")
    table = layout.table(ratings)
    release = Release(
        ratings=layout.read_ratings(table),
        movies=layout.read_movies(movies),
        tags=_csv_tags(tags) if tags else pd.DataFrame(columns=list(TAGS)).astype(TAGS),
        source=ratings.name,
        line_of=table.line_of,
    )
    for member, frame in ((ratings, release.ratings), (movies, release.movies)):
        if frame.empty:
            raise UserError(f"{member.name} holds no rows")
    return release


def _recognise(archive: Archive) -> Layout:
    for layout in LAYOUTS:
        if layout.ratings in archive and layout.movies in archive:
            return layout
    wanted = " nor ".join(f"{layout.ratings} with {layout.movies}" for layout in LAYOUTS)
    raise UserError(f"{archive.path} holds neither {wanted}, but {archive.contents()}")
