"""The MovieLens releases, and the other datasets that `dataset` can name."""

import re
from pathlib import PurePath
from urllib.parse import unquote

from stages.core.cli import printable

GROUPLENS = "https://files.grouplens.org/datasets/movielens/"

CHECKSUMS = {  # of <name>.zip, in the format of pooch; SHA-256 where it is known
    "ml-latest-small": "sha256:696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
    "ml-100k": "sha256:50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
    "ml-1m": "sha256:a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
    "ml-10m": "md5:ce571fd55effeba0271552578f2648bd",
    "ml-20m": "sha256:96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3",
    "ml-25m": "sha256:8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6aced3ebd4ad5bd1eb9c6aa",
    "ml-32m": "md5:d472be332d4daa821edc399621853b57",
}

MIRRORS = {  # other URLs with the same bytes
    "ml-latest-small": ["https://raw.githubusercontent.com/neaorin/databricks-workshop/master/data/"],
}

NO_GENRES = "(no genres listed)"  # in movies.csv


def synthetic_ratings(dataset: str) -> int | None:
    """The number of ratings in `synthetic-100k`, `synthetic-1m`, …; None for any other dataset.

    >>> synthetic_ratings("synthetic-100k")
    100000
    """
    match = re.fullmatch(r"synthetic-([1-9]\d{0,11})([km])", dataset, re.ASCII)
    return int(match[1]) * {"k": 1_000, "m": 1_000_000}[match[2]] if match else None


def is_url(location: str) -> bool:
    """Whether it is a URL, not a path."""
    return "://" in location


def is_zip(dataset: str) -> bool:
    """Whether it is the path or URL of a zip, not the name of a release.

    >>> is_zip("~/my ratings.zip"), is_zip("https://example.org/ratings.zip?dl=1"), is_zip("ml-1m")
    (True, True, False)
    """
    return _path(dataset).suffix == ".zip"


def short_name(dataset: str) -> str:
    """The name of a dataset, without the directory and suffix of a zip's path or URL.

    >>> short_name("synthetic-1m"), short_name("https://example.org/my%20ratings.zip?dl=1")
    ('synthetic-1m', 'my ratings')
    """
    return printable(_path(dataset).name.removesuffix(".zip"))


def _path(dataset: str) -> PurePath:
    path = re.sub(r".*?://[^/?#]*|[?#].*", "", dataset, flags=re.DOTALL)
    return PurePath(unquote(path) if is_url(dataset) else dataset)
