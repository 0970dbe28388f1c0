"""Reads the three layouts in which MovieLens was released, straight from the zip."""

import csv
import io
import re
import warnings
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import IO, Any, NamedTuple

import pandas as pd

from stages.core import files
from stages.core.cli import UserError, printable
from stages.core.memory import require_memory
from stages.movielens.catalogue import NO_GENRES
from stages.movielens.validation import Schema, broken_rule, wrong_cell

RATINGS: Schema = {"userId": "int64", "movieId": "int64", "rating": "float64", "timestamp": "int64"}
MOVIES: Schema = {"movieId": "int64", "title": "str", "genres": "str"}
TAGS: Schema = {"userId": "int64", "movieId": "int64", "tag": "str"}
LINKS: Schema = {"movieId": "int64", "imdbId": "str", "tmdbId": "str"}
GENRES = (  # in the order of the flags in ml-100k's u.item
    f"{NO_GENRES}|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|"
    "Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western"
).split("|")
ITEMS: Schema = {"movieId": "int64", **dict.fromkeys(["title", "date", "video date", "url"], "str")}
ITEMS |= dict.fromkeys(GENRES, "int64")
CONTROL_CHARACTERS = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+"
TRAINING = (".base", ".train")  # suffixes of a fold's training ratings in ml-100k and ml-10m
SEPARATOR = "\x1f"  # replaces "::", for which pandas has no fast parser
MAX_GENRES = 200  # different ones: each is a parameter of every user
BYTES_PER_BYTE = 6  # of memory for each byte of the files, until prepare is done


class Table(NamedTuple):
    """A file of a release; a csv file has a header and columns in any order, other files have neither."""

    name: str
    schema: Schema
    separator: str = ","


LAYOUTS = (
    (Table("ratings.csv", RATINGS), Table("movies.csv", MOVIES)),
    (Table("ratings.dat", RATINGS, "::"), Table("movies.dat", MOVIES, "::")),
    (Table("u.data", RATINGS, "\t"), Table("u.item", ITEMS, "|")),
)
OPTIONAL = (Table("tags.csv", TAGS), Table("links.csv", LINKS))


class Release(NamedTuple):
    """The validated tables of a release."""

    ratings: pd.DataFrame  # user_id, movie_id (MovieLens's), rating (stars), timestamp (seconds since 1970)
    movies: pd.DataFrame  # movie_id, title (with year), genres (joined by "|"), imdb_id, tmdb_id (or missing)
    tags: pd.DataFrame  # user_id, movie_id, tag (free text); without rows where the release has no tags.csv
    n_test: int  # number of the last `ratings` that are the test ratings of the fold that was asked for


def read(path: Path, fold: str | None = None) -> Release:
    """Read a MovieLens zip without unpacking it to disk; of a fold, its training and test ratings.

    Raises UserError if it is damaged, lacks a file, would not fit into memory, or has an invalid line.
    """
    return files.load(path, lambda path: _read(path, fold), "fetch")


def _read(path: Path, fold: str | None) -> Release:
    with zipfile.ZipFile(path) as archive:
        found = [pair for pair in LAYOUTS if all(_find(archive, table) for table in pair)]
        if not found:
            wanted = " nor ".join(" with ".join(table.name for table in pair) for pair in LAYOUTS)
            raise UserError(f"{path} contains neither {wanted}, only: {', '.join(archive.namelist()[:10])}")
        whole, listed = found[0]
        parts = [whole] if fold is None else _parts(archive, whole, fold)
        located = [(file, table) for table in (*parts, listed, *OPTIONAL) if (file := _find(archive, table))]
        needed = BYTES_PER_BYTE * sum(archive.getinfo(file).file_size for file, _ in located)
        require_memory(needed, f"reading {path}", "choose a smaller dataset")
        tables = {table.name: _read_table(archive, file, table) for file, table in located}
    tags, links = (tables.get(table.name, pd.DataFrame(columns=list(table.schema))) for table in OPTIONAL)
    movies = tables[listed.name]
    ratings = pd.concat([tables[part.name] for part in parts], ignore_index=True)
    if fold is not None and (broken := broken_rule(ratings)):
        raise UserError(f"{' and '.join(part.name for part in parts)}: {broken[1]}")
    if "genres" not in movies:
        flags = movies[GENRES].to_numpy(dtype=bool)
        movies["genres"] = ["|".join(pd.Index(GENRES)[row]) or NO_GENRES for row in flags]
    if (n_genres := movies["genres"].str.split("|").explode().nunique()) > MAX_GENRES:
        raise UserError(f"{listed.name} has {n_genres} different genres, expected at most {MAX_GENRES}")
    movies = movies[list(MOVIES)].merge(links.astype({"movieId": "int64"}), how="left", on="movieId")
    names = {"userId": "user_id", "movieId": "movie_id", "imdbId": "imdb_id", "tmdbId": "tmdb_id"}
    ratings, movies, tags = (table.rename(columns=names) for table in (ratings, movies, tags))
    return Release(ratings, movies, tags, n_test=len(ratings) - len(tables[parts[0].name]))


def _parts(archive: zipfile.ZipFile, whole: Table, fold: str) -> list[Table]:
    """The training and the test ratings of a fold; raises UserError if the zip does not have both."""
    names = {path.rpartition("/")[2] for path in archive.namelist()}
    training = [name for name in sorted(names) if name.endswith(TRAINING)]
    folds = [stem for name in training if f"{(stem := name.rpartition('.')[0])}.test" in names]
    if fold not in folds:
        found = f"only {', '.join(folds)}" if folds else "nor any other; set split to random or temporal"
        raise UserError(f"{archive.filename} does not contain the fold {fold!r}, {found}")
    own = [name for name in training if name.rpartition(".")[0] == fold]
    if len(own) > 1:
        raise UserError(f"{archive.filename} contains {' and '.join(own)}; keep only one of them")
    return [whole._replace(name=name) for name in (*own, f"{fold}.test")]


def _find(archive: zipfile.ZipFile, table: Table) -> str | None:
    """The path of a table in the zip, in whatever folder; raises UserError if there are several."""
    pattern = re.compile(rf"(?!__MACOSX/)(.*/)?{re.escape(table.name)}", re.IGNORECASE)
    found = [path for path in archive.namelist() if pattern.fullmatch(path)]
    if len(found) > 1:
        raise UserError(f"{archive.filename} contains {' and '.join(found)}; keep only one of them")
    return found[0] if found else None


def _read_table(archive: zipfile.ZipFile, file: str, table: Table) -> pd.DataFrame:
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
            found = wrong_cell(chunks, table.schema)
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
