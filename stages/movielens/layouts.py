"""Reads the three layouts in which MovieLens was released, straight from the zip."""

import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from stages.core import cli, files, memory
from stages.movielens.catalogue import NO_GENRES
from stages.movielens.validation import RATINGS, Schema, Table, broken_rule, read_table

MOVIES: Schema = {"movieId": "int64", "title": "str", "genres": "str"}
TAGS: Schema = {"userId": "int64", "movieId": "int64", "tag": "str"}
LINKS: Schema = {"movieId": "int64", "imdbId": "str", "tmdbId": "str"}
GENRES = (  # in the order of the flags in ml-100k's u.item
    f"{NO_GENRES}|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|"
    "Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western"
).split("|")
ITEMS: Schema = {"movieId": "int64", **dict.fromkeys(["title", "date", "video date", "url"], "str")}
ITEMS |= dict.fromkeys(GENRES, "int64")
TRAINING = (".base", ".train")  # suffixes of a fold's training ratings in ml-100k and ml-10m
MAX_GENRES = 200  # different ones: each is a parameter of every user
BYTES_PER_BYTE = 6  # of memory for each byte of the files, until prepare is done
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
            content = ", ".join(archive.namelist()[:10])
            raise cli.UserError(f"{path} contains neither {wanted}, only: {content}")
        whole, listed = found[0]
        parts = [whole] if fold is None else _parts(archive, whole, fold)
        located = [(file, table) for table in (*parts, listed, *OPTIONAL) if (file := _find(archive, table))]
        needed = BYTES_PER_BYTE * sum(archive.getinfo(file).file_size for file, _ in located)
        memory.require_memory(needed, f"reading {path}", "choose a smaller dataset")
        tables = {table.name: read_table(archive, file, table) for file, table in located}
    tags, links = (tables.get(table.name, pd.DataFrame(columns=list(table.schema))) for table in OPTIONAL)
    movies = tables[listed.name]
    ratings = pd.concat([tables[part.name] for part in parts], ignore_index=True)
    if fold is not None and (broken := broken_rule(ratings)):
        raise cli.UserError(f"{' and '.join(part.name for part in parts)}: {broken[1]}")
    if "genres" not in movies:
        flags = movies[GENRES].to_numpy(dtype=bool)
        movies["genres"] = ["|".join(pd.Index(GENRES)[row]) or NO_GENRES for row in flags]
    if (n_genres := movies["genres"].str.split("|").explode().nunique()) > MAX_GENRES:
        raise cli.UserError(f"{listed.name} has {n_genres} different genres, expected at most {MAX_GENRES}")
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
        raise cli.UserError(f"{archive.filename} does not contain the fold {fold!r}, {found}")
    own = [name for name in training if name.rpartition(".")[0] == fold]
    if len(own) > 1:
        raise cli.UserError(f"{archive.filename} contains {' and '.join(own)}; keep only one of them")
    return [whole._replace(name=name) for name in (*own, f"{fold}.test")]


def _find(archive: zipfile.ZipFile, table: Table) -> str | None:
    """The path of a table in the zip, in whatever folder; raises UserError if there are several."""
    pattern = re.compile(rf"(?!__MACOSX/)(.*/)?{re.escape(table.name)}", re.IGNORECASE)
    found = [path for path in archive.namelist() if pattern.fullmatch(path)]
    if len(found) > 1:
        raise cli.UserError(f"{archive.filename} contains {' and '.join(found)}; keep only one of them")
    return found[0] if found else None
