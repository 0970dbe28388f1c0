"""The table of movies, and their titles as MovieLens writes them and as a person would."""

import re
from pathlib import Path

import pandas as pd

_ARTICLES = "The|A|An|Les|Le|La|L'|Los|Las|El|Il|Lo|Gli|Der|Die|Das|Den|Det|De|Een|Un|Une|Uno|Una"
_WITH_YEAR = re.compile(r"(?P<name>.*\S)\s*\((?P<year>\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*")
_ARTICLE_BEHIND = re.compile(rf"(?P<name>.+), (?P<article>{_ARTICLES})")
_ALTERNATIVE = re.compile(r"\s+\([^()]*\)$")


def read_movies(path: Path) -> pd.DataFrame:
    """A table of movies as `prepare` or `cluster` wrote it; a film called "NA" keeps its title."""
    gaps = dict.fromkeys(["year", "x", "y"], "")
    return pd.read_csv(path, dtype={"year": "Int64"}, keep_default_na=False, na_values=gaps)


def split_year(title: str) -> tuple[str, int | None]:
    """Title and year of release, which MovieLens writes behind it; a series' first year; None without one.

    >>> split_year("Matrix, The (1999) "), split_year("Babylon 5")
    (('Matrix, The', 1999), ('Babylon 5', None))
    """
    match = _WITH_YEAR.fullmatch(title)
    return (match["name"], int(match["year"])) if match else (title.strip(), None)


def spoken(name: str) -> str:
    """A title without its year as a person says it: article in front, no alternative titles.

    >>> spoken("Seven (a.k.a. Se7en)"), spoken("City of Lost Children, The (Cité des enfants perdus, La)")
    ('Seven', 'The City of Lost Children')
    """
    while (shorter := _ALTERNATIVE.sub("", name)) != name:
        name = shorter
    match = _ARTICLE_BEHIND.fullmatch(name)
    if not match:
        return name
    gap = "" if match["article"].endswith("'") else " "
    return f"{match['article']}{gap}{match['name']}"
