"""Names by which a movie is found, in a form that ignores what people write differently."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import combinations
from typing import NamedTuple

from stages.movielens.title_format import alternatives, split_year, spoken

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

_BARE_YEAR = re.compile(r"(?P<name>.*[^\s,]),?\s+(?P<year>(?:1[89]|20)\d\d)")

Kind = IntEnum("Kind", ["TITLE", "SERIES", "PART", "INITIALS"])
"""A whole title, its beginning, another part of it, and the initials of one of these."""


class Name(NamedTuple):
    """A name of a movie as it is written, and as it is compared."""

    movie: int
    kind: Kind
    text: str
    key: str


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


def names_of(title: str) -> Iterator[tuple[Kind, str]]:
    """The forms of a title as MovieLens writes it, and their parts: between colons and dashes, or a series.

    >>> [(kind.name, name) for kind, name in names_of("Alien: Covenant")]
    [('TITLE', 'Alien: Covenant'), ('SERIES', 'Alien'), ('PART', 'Covenant')]
    >>> [name for _, name in names_of("Bridget Jones's Diary")]
    ["Bridget Jones's Diary", 'Bridget Jones']
    """
    for name in dict.fromkeys([spoken(title), *alternatives(title), title]):
        yield Kind.TITLE, name
        pieces = _BREAK.split(name)
        for start, end in combinations(range(len(pieces) + 1), 2):
            if end - start < len(pieces):
                yield Kind.PART if start else Kind.SERIES, " ".join(pieces[start:end])
        if match := _SERIES.match(name):
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


def readings(text: str) -> list[tuple[str, int | None]]:
    """Names with years that a text may stand for: "Se7en 1995" is a title, or one and its year."""
    name, year = split_year(text)
    found = [(name, year)]
    if year is None and (match := _BARE_YEAR.fullmatch(name)):
        found.append((match["name"], int(match["year"])))
    return [(form, when) for name, when in found for form in dict.fromkeys([name, spoken(name)])]
