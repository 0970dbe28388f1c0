"""Finds the movie that a title means, however it is written."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from stages.core.cli import UserError
from stages.movielens.title_format import alternatives, label, spoken
from stages.recommender.normalization import Kind, Name, initials, names_of, normalise, readings

FAR = 5  # a movie is chosen without asking if it has this many times the ratings of any other candidate
CLEARLY = 2  # the same, if it has this title alone and the other candidates have more than one
FAMOUS = 0.1  # a movie with this share of the maximum number of ratings is found by a word or initials


class Titles:
    """The titles of all movies by index, as MovieLens writes them without the year."""

    def __init__(self, titles: Sequence[str], years: Sequence[int | None], n_ratings: Sequence[int]) -> None:
        self._years, self._n_ratings, self._least = years, n_ratings, FAMOUS * max(n_ratings)
        self.labels = [label(spoken(title), year) for title, year in zip(titles, years, strict=True)]
        self._plain = {movie for movie, title in enumerate(titles) if not alternatives(title)}
        best_first = sorted(range(len(titles)), key=lambda movie: -n_ratings[movie])
        rows = [(movie, *name) for movie in best_first for name in names_of(titles[movie])]
        names = map(Name, *zip(*rows, strict=True), normalise(text for *_, text in rows))
        self._names = [name for name in names if name.kind != Kind.PART or not name.key.isdecimal()]
        self._keys = [name.key for name in self._names]
        self._exact = defaultdict[str, list[Name]](list)
        for name in self._names:
            self._exact[name.key.replace(" ", "")].append(name)
            for letters in initials(name.text) if self._is_famous(name) else []:
                self._exact[letters].append(name._replace(kind=Kind.INITIALS))

    def find(self, text: str, suggest: bool = True) -> int:
        """The movie that is meant; raises UserError if there is none, or if it could be several.

        Titles, their parts and initials come before some words of a title, and those before typos. A year
        must be the movie's, give or take one. Without `suggest`, the error lists no similar titles: faster.

        >>> titles = Titles(["Terminator, The", "Terminator 2: Judgment Day"], [1984, 1991], [131, 224])
        >>> titles.find("terminator ii")
        1
        """
        text = " ".join(text.split()).strip('"“” ')
        if not text:
            raise UserError('a title is empty; give one such as "The Matrix (1999)"')
        other_years: list[Name] = []
        for search in (lambda key: self._exact[key.replace(" ", "")], self._by_words, self._with_typos):
            for name, year in readings(text):
                found = search(*normalise([name]))
                if fitting := self._of_year(found, year):
                    return self._choose(name, year, fitting)
                other_years += found
            if other_years:
                break
        raise self._unknown(name, year, other_years) if suggest else UserError(f'no movie is called "{text}"')

    def _by_words(self, key: str) -> list[Name]:
        """Whole titles with these words, side by side if possible; for one word, of famous movies."""
        rows = set[int].intersection(*(self._with_word[word] for word in key.split() or [""]))
        titles = [self._names[row] for row in sorted(rows)]
        titles = titles if " " in key else list(filter(self._is_famous, titles))
        return [name for name in titles if f" {key} " in f" {name.key} "] or titles

    @cached_property
    def _with_word(self) -> defaultdict[str, set[int]]:
        """Rows of the whole titles that contain each word."""
        rows = defaultdict[str, set[int]](set)
        for row, name in enumerate(self._names):
            for word in name.key.split() if name.kind == Kind.TITLE else []:
                rows[word].add(row)
        return rows

    def _with_typos(self, key: str) -> list[Name]:
        """Names that differ in the fewest letters, at most 1 in 5, and in no digit."""
        allowed, likely = min(len(key) // 5, 3), defaultdict[float, list[Name]](list)
        keys = self._keys if allowed else []
        close = process.extract(key, keys, scorer=OSA.distance, score_cutoff=allowed, limit=None)
        for text, typos, row in close:
            most = allowed if self._is_famous(self._names[row]) else allowed // 2
            if 0 < typos <= most and re.sub(r"\D", "", text) == re.sub(r"\D", "", key):
                likely[typos].append(self._names[row])
        return likely[min(likely, default=0)]

    def _of_year(self, found: list[Name], year: int | None) -> list[Name]:
        """Those of the year; without any, those of the years next to it, then those of no known year."""
        choices = ([year], [year - 1, year + 1], [None]) if year else ()
        fitting = ([name for name in found if self._years[name.movie] in years] for years in choices)
        return next(filter(None, fitting), [] if year else found)

    def _choose(self, text: str, year: int | None, found: list[Name]) -> int:
        """The movie that is far better known than the others; of a series its first."""
        same = self._of_kind(found)
        verbatim = [name for name in same if name.text.casefold() == text.casefold()]
        plain = [name for name in verbatim if name.kind == Kind.TITLE and name.movie in self._plain]
        rest = [name for name in verbatim if name not in plain]
        whole = plain if len(plain) == 1 and self._is_far(plain, rest, CLEARLY) else []
        likely = [name for name in whole or verbatim or same if not self._is_far(same, [name])]
        # the first of those with equal title and year
        movies = list({self.labels[name.movie]: name.movie for name in reversed(likely)}.values())
        is_series = same[0].kind in (Kind.SERIES, Kind.INITIALS) and len({name.key for name in same}) == 1
        if movies and is_series:
            movies = [min(movies, key=lambda movie: (self._years[movie] or 9999, movie))]
        others = [] if whole else self._meant_instead(year, found, same)
        if others or len(movies) != 1:
            listed = self._listed([*others, *same])
            raise UserError(f'"{text}" could be any of {listed}; add the year, or give one of these in full')
        return movies[0]

    def _of_kind(self, found: list[Name]) -> list[Name]:
        """Names of the first kind, or of a series that is far better known, as "The Lord of the Rings"."""
        kinds = min(name.kind for name in found), Kind.SERIES
        first, series = ([name for name in found if name.kind == kind] for kind in kinds)
        return series if " " in found[0].key and self._is_far(series, first) else first

    def _meant_instead(self, year: int | None, found: list[Name], same: list[Name]) -> list[Name]:
        """Other names that are rather meant: famous initials, and for a long name, one with a typo."""
        others = [name for name in found if name.kind == Kind.INITIALS and same[0].kind != Kind.TITLE]
        if year is None and len(found[0].key) >= 15:  # "Inglorious Bastards" is a film, but rarely meant
            others += self._with_typos(found[0].key)
        return others if self._is_far(others, same) else []

    def _unknown(self, name: str, year: int | None, other_years: list[Name]) -> UserError:
        (key,), last = normalise([name]), max(filter(None, self._years), default=0)
        close = process.extract(key, self._keys, scorer=fuzz.token_set_ratio, limit=6, score_cutoff=60)
        near = self._listed(other_years or [self._names[row] for *_, row in close])
        ends = f"; the data ends in {last}" if not near or (year or 0) > last else ""
        if other_years:
            return UserError(f'no movie called "{name}" is from {year}; there is {near}{ends}')
        return UserError(f'no movie is called "{name}"{near and f"; the nearest are: {near}"}{ends}')

    def _is_famous(self, name: Name) -> bool:
        return self._n_ratings[name.movie] >= self._least

    def _is_far(self, names: list[Name], others: list[Name], times: int = FAR) -> bool:
        """Whether the best known of some movies is far better known than all others."""
        most, second = (max((self._n_ratings[n.movie] for n in each), default=0) for each in (names, others))
        return most >= times * (second + 1)

    def _listed(self, names: list[Name]) -> str:
        labels = list(dict.fromkeys(self.labels[name.movie] for name in names))
        return ", ".join(labels[:8]) + (f" and {len(labels) - 8} more" if labels[8:] else "")
