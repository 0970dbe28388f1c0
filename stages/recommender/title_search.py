"""Finds the movie that someone means by a title, however they spell it."""

import re
import sys
from collections.abc import Sequence

from stages.core.cli import UserError
from stages.movielens.title_format import split_year
from stages.movielens.title_format import spoken as said
from stages.recommender.title_index import Lookup

FAR = 10
"""A movie with so many times the ratings of the next is meant without more ado."""
LISTED = 8
NEAREST = 4

_BARE_YEAR = re.compile(r"(?P<name>.*[^\s,]),?\s+(?P<year>(?:1[89]|20)\d\d)")


class Titles:
    """The titles of a catalogue, as MovieLens writes them without the year; a movie is its place there."""

    def __init__(self, titles: Sequence[str], years: Sequence[int | None], n_ratings: Sequence[int]) -> None:
        if not len(titles) == len(years) == len(n_ratings):
            raise ValueError(f"{len(titles)} titles, {len(years)} years, {len(n_ratings)} counts of ratings")
        self._titles, self._years, self._n_ratings = titles, years, n_ratings
        self._lookup = Lookup(titles, n_ratings)

    def spoken(self, movie: int) -> str:
        """A movie's title as a person says it, with its year where that is known.

        >>> Titles(["Matrix, The"], [1999], [278]).spoken(0)
        'The Matrix (1999)'
        """
        year = self._years[movie]
        return said(self._titles[movie]) + ("" if year is None else f" ({year})")

    def find(self, text: str) -> int:
        """The movie that is meant; UserError if that is none, or could be several.

        A whole title goes before a part of one, that before some words of one, and those before typos.
        A year behind it must be the movie's, give or take one.

        >>> titles = Titles(["Terminator, The", "Terminator 2: Judgment Day"], [1984, 1991], [131, 224])
        >>> titles.find("terminator ii")
        1
        """
        look, asked = self._lookup, " ".join(text.replace("\0", " ").split()).strip('"“” ')
        if not asked:
            raise UserError('a title is empty; give one such as "The Matrix (1999)"')
        of_other_years: list[int] = []
        for ways in ([look.exactly, look.levelled, look.by_part], [look.by_words], [look.with_typos]):
            for way in ways:
                for name, year in _readings(asked):
                    found = way(name)
                    if fitting := self._of_year(found, year):
                        in_series = way in (look.by_part, look.with_typos)
                        return self._choose(asked, fitting, in_series)
                    of_other_years += found
            if of_other_years:
                break
        raise self._none(asked, of_other_years)

    def _none(self, asked: str, of_other_years: list[int]) -> UserError:
        name, year = _readings(asked)[-1]
        if of_other_years:
            there_is = self._listed(self._best_known(of_other_years))
            return UserError(f'no movie called "{name}" is from {year}; there is {there_is}')
        near = self._listed(self._lookup.near(name, NEAREST))
        return UserError(f'no movie is called "{asked}"' + (f"; the nearest are: {near}" if near else ""))

    def _of_year(self, movies: list[int], year: int | None) -> list[int]:
        """Those of the year; without any, those of the years next to it, then those of no known year."""
        if year is None:
            return movies
        years = self._years
        exact = [movie for movie in movies if years[movie] == year]
        beside = [movie for movie in movies if years[movie] in (year - 1, year + 1)]
        return exact or beside or [movie for movie in movies if years[movie] is None]

    def _choose(self, asked: str, movies: list[int], in_series: bool) -> int:
        """The movie far better known than the others; of a series also the first, if none is better known."""
        ranked = self._best_known(movies)
        best, others = ranked[0], ranked[1:]
        if not others or self._n_ratings[best] >= FAR * max(1, self._n_ratings[others[0]]):
            return best
        released = [self._years[movie] or sys.maxsize for movie in ranked]
        if in_series and released[0] < min(released[1:]):
            return best
        raise UserError(
            f'"{asked}" could be any of {self._listed(ranked)}; add the year, or give one of these in full'
        )

    def _best_known(self, movies: list[int]) -> list[int]:
        """In order of their ratings, without those that have title and year of a better known one."""
        distinct: dict[str, int] = {}
        for movie in sorted(set(movies), key=lambda movie: (-self._n_ratings[movie], movie)):
            distinct.setdefault(self.spoken(movie), movie)
        return list(distinct.values())

    def _listed(self, movies: list[int]) -> str:
        names = [self.spoken(movie) for movie in movies[:LISTED]]
        more = len(movies) - LISTED
        return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _readings(asked: str) -> list[tuple[str, int | None]]:
    """Names with years that a text may stand for: "Se7en 1995" is a title, or one and its year."""
    name, year = split_year(asked)
    found = [(name, year)]
    if year is None and (match := _BARE_YEAR.fullmatch(name)):
        found.append((match["name"], int(match["year"])))
    return [(form, when) for name, when in found for form in dict.fromkeys([name, said(name)])]
