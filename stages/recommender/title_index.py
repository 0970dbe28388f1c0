"""An index of titles that ignores what people write differently."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import combinations
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from stages.movielens.title_format import alternatives, spoken

FAMOUS = 0.1
"""Share of the best-known movie's ratings from which one word, initials, or twice the typos are enough."""
_LETTERS = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "½": " 1/2"}
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve thirteen".split()
_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii xiii".split()
_SAME = {word: str(number) for number, word in [*enumerate(_NUMBERS), *enumerate(_NUMERALS, start=1)]}
_SAME |= {"doctor": "dr", "mister": "mr", "saint": "st", "versus": "5", "vs": "5"}  # as the numeral v
_WORDS = re.compile(rf"\b(?:{'|'.join(_SAME.keys() - _NUMERALS)}|(?<!^)(?:{'|'.join(_NUMERALS)}))\b", re.M)
_COUNTED = re.compile(r"\b(?:part|pt|episode|ep|volume|vol|chapter) +(?=\d+\b)")
_FILLERS = re.compile(r"\b(?:the|a|an|and|of)\b")
_BREAK = re.compile(r":\s+|\s+[-–—]\s+")
_SERIES = re.compile(r"(?:the |an? )?(\S+ .*?\w)(?: and the |[’']s )", re.IGNORECASE)

Kind = IntEnum("Kind", ["TITLE", "SERIES", "PART", "INITIALS"])
"""A whole title, its beginning, another part of it, and the initials of one of these."""


def normalise(names: Iterable[str]) -> list[str]:
    """Each name in lower case without accents, punctuation and filler words, and with digits for numerals.

    >>> normalise(["The Godfather: Part II", "Amélie", "WALL·E", "Lilo & Stitch", "Ocean's Eleven", "8½"])
    ['godfather 2', 'amelie', 'wall e', 'lilo stitch', 'oceans 11', '8 1 2']
    """
    lines = [" ".join(name.split()) for name in names]
    text = "\n".join(lines).casefold()
    for letter, ascii_letters in _LETTERS.items():
        text = text.replace(letter, ascii_letters)
    text = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text).casefold())
    text = re.sub(r"[’'`.*]", "", text.replace("...", " "))
    text = re.sub(r"[^\w\n]|_", " ", text)
    text = _COUNTED.sub("", _WORDS.sub(lambda match: _SAME[match[0]], text))
    rows = zip(_FILLERS.sub(" ", text).split("\n"), text.split("\n"), lines, strict=True)
    return [" ".join(short.split() or whole.split()) or line for short, whole, line in rows]


def names_in(title: str) -> Iterator[tuple[Kind, str]]:
    """A title, and its parts: between colons and dashes, or a series' name in front.

    >>> [(kind.name, part) for kind, part in names_in("Alien: Covenant")]
    [('TITLE', 'Alien: Covenant'), ('SERIES', 'Alien'), ('PART', 'Covenant')]
    >>> [part for _, part in names_in("Bridget Jones's Diary")]
    ["Bridget Jones's Diary", 'Bridget Jones']
    """
    yield Kind.TITLE, title
    pieces = _BREAK.split(title)
    for start, end in combinations(range(len(pieces) + 1), 2):
        if end - start < len(pieces):
            yield Kind.PART if start else Kind.SERIES, " ".join(pieces[start:end])
    if match := _SERIES.match(title):
        yield Kind.SERIES, match[1]


def initials(name: str) -> list[str]:
    """First letters of a name's words, with and without an article: at least three, or two with a number.

    >>> initials("The Lord of the Rings"), initials("Terminator 2"), initials("Jurassic Park")
    (['tlotr', 'lotr'], ['t2'], [])
    """
    words = re.findall(r"\w+", re.sub(r"[’'.]", "", name.casefold()))
    letters = "".join(word if word.isdecimal() else word[0] for word in words)
    both = [letters, letters[1:]] if words[:1] == ["the"] else [letters]
    return [each for each in both if len(words) > 1 and len(each) > (1 if words[-1].isdecimal() else 2)]


class Name(NamedTuple):
    """A name of a movie as it is written, and as it is compared."""

    movie: int
    kind: Kind
    text: str
    key: str


class TitleIndex:
    """Ways to search in the titles of all movies, as MovieLens writes them without the year."""

    def __init__(self, titles: Sequence[str], n_ratings: Sequence[int]) -> None:
        names = [
            (movie, kind, text)
            for movie, title in enumerate(titles)
            for name in dict.fromkeys([spoken(title), *alternatives(title), title])
            for kind, text in names_in(name)
        ]
        rows = zip(names, normalise(text for *_, text in names), strict=True)
        self._names = [Name(*name, key) for name, key in rows if name[1] != Kind.PART or not key.isdecimal()]
        self._keys = [name.key for name in self._names]
        least = FAMOUS * max(n_ratings)
        self._famous = [n_ratings[name.movie] >= least for name in self._names]
        self._by_key: dict[str, list[Name]] = defaultdict(list)
        for name, famous in zip(self._names, self._famous, strict=True):
            self._by_key[name.key.replace(" ", "")].append(name)
            for letters in initials(name.text) if famous else []:
                self._by_key[letters].append(name._replace(kind=Kind.INITIALS))

    def exactly(self, key: str) -> list[Name]:
        """Names with this key, whatever its gaps."""
        return self._by_key.get(key.replace(" ", ""), [])

    def by_words(self, key: str) -> list[Name]:
        """Whole titles with these words, side by side if possible; for one word, of famous movies."""
        words = key.split()
        names = [name for name, famous in zip(self._names, self._famous, strict=True) if famous or words[1:]]
        titles = [name for name in names if name.kind == Kind.TITLE]
        together = [name for name in titles if f" {key} " in f" {name.key} "]
        return together or [name for name in titles if set(words) <= set(name.key.split())]

    def with_typos(self, key: str) -> list[Name]:
        """Names that differ in the fewest letters, at most 1 in 5, and in no digit."""
        allowed, digits = min(len(key) // 5, 3), re.findall(r"\d", key)
        close = process.extract(key, self._keys, scorer=OSA.distance, score_cutoff=allowed, limit=None)
        likely = [
            (typos, self._names[row])
            for text, typos, row in close
            if 0 < typos <= (allowed if self._famous[row] else allowed // 2)
            and re.findall(r"\d", text) == digits
        ]
        return [name for typos, name in likely if typos == likely[0][0]]

    def near(self, key: str) -> list[Name]:
        """The names that share most words and letters with a key."""
        close = process.extract(key, self._keys, scorer=fuzz.token_set_ratio, limit=6, score_cutoff=60)
        return [self._names[row] for *_, row in close]
