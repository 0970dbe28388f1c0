"""Which movies may be recommended."""

import re
from collections.abc import Sequence

import pandas as pd

from stages.core.cli import UserError

_SPAN = re.compile(r"(?=.*\d)(\d{4})?(\s*[-–]\s*)?((?<!\d)\d{4})?")
_DECADE = re.compile(r"(\d\d)?(\d)0s")


def passing(
    movies: pd.DataFrame,
    genres: Sequence[str] = (),
    excluded_genres: Sequence[str] = (),
    years: str = "",
    cluster: str = "",
    min_ratings: int = 0,
) -> "pd.Series[bool]":
    """Whether each movie passes all filters that are set; UserError if one is invalid or no movie passes."""
    mask = movies["n_ratings"] >= min_ratings
    for names, wanted in ((genres, True), (excluded_genres, False)):
        for genre in _genres(names, movies):
            mask &= ("|" + movies["genres"] + "|").str.contains(f"|{genre}|", regex=False) == wanted
    if years:
        mask &= movies["year"].between(*_span(years)).fillna(False).astype(bool)
    if cluster:
        mask &= movies["cluster"].isin(_clusters(cluster, movies))
    if not mask.any():
        latest = movies["year"].max()
        raise UserError(f"no movie passes all of the filters; leave one out (the data ends in {latest})")
    return mask


def _genres(names: Sequence[str], movies: pd.DataFrame) -> list[str]:
    """The genres as the data writes them, whatever their case and punctuation: "scifi" is Sci-Fi."""
    genres = {_letters(genre): genre for genre in "|".join(movies["genres"]).split("|") if genre and names}
    for name in names:
        if _letters(name) not in genres:
            raise UserError(f'there is no genre "{name}"; there are: {", ".join(sorted(genres.values()))}')
    return [genres[_letters(name)] for name in names]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _span(years: str) -> tuple[int, int]:
    """The first and the last year."""
    if match := _DECADE.fullmatch(years.strip()):
        first = int(f"{match[1] or 19}{match[2]}0")
        return first, first + 9
    match = _SPAN.fullmatch(years.strip())
    if not match:
        raise UserError(f'--years is "{years}", expected 1994, 1990s, 1980-1999, 2000- or -1960')
    first = int(match[1] or 0)
    last = int(match[3] or (9999 if match[2] else first))
    if first > last:
        raise UserError(f'--years "{years}" ends before it begins; write it as {last}-{first}')
    return first, last


def _clusters(text: str, movies: pd.DataFrame) -> list[int]:
    """The clusters with this number, or with this text in their names."""
    rows = movies[["cluster", "cluster_name"]].dropna().sort_values("cluster")
    clusters = dict(zip(rows["cluster"].tolist(), rows["cluster_name"], strict=True))
    wanted = text.strip().casefold()
    if wanted.isdecimal() and len(wanted) < 19:
        found = [number for number in clusters if number == int(wanted)]
    else:
        found = [number for number, name in clusters.items() if wanted and wanted in name.casefold()]
    if not found:
        listed = "\n".join(f"{number}. {name}" for number, name in clusters.items())
        raise UserError(f'there is no cluster "{text}"; there are:\n{listed}')
    return found
