"""Titles without what people write differently, so that they can be compared."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations, pairwise

from stages.movielens.title_format import ENGLISH_ARTICLES

_BREAK = re.compile(r":\s+|\s+[-–—]\s+")
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "’": "'"})
_PUNCTUATION = str.maketrans(
    dict.fromkeys('!"#$%()+,-/:;<=>?@[\\]^_{|}~\t\n\r', " ") | dict.fromkeys("'`.*", None)
)
_END = "\0"
_NUMBERS = {
    **{word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine".split())},
    **{word: str(n) for n, word in enumerate("ten eleven twelve thirteen".split(), start=10)},
    **{word: str(n) for n, word in enumerate("i ii iii iv v vi vii viii ix x xi xii xiii".split(), start=1)},
}
_SAME = _NUMBERS | {"doctor": "dr", "mister": "mr", "versus": "vs", "saint": "st"}
_COUNTED = frozenset("part pt episode ep vol volume chapter".split())
_SPECIAL = _COUNTED | _SAME.keys()
_FILLERS = ENGLISH_ARTICLES | {"and", "of"}


def plain(names: Sequence[str]) -> list[str]:
    """Each name in lower case, without accents or punctuation.

    >>> plain(["WALL·E", "Amélie", "Schindler's List", "Lilo & Stitch", "8½"])
    ['wall e', 'amelie', 'schindlers list', 'lilo and stitch', '8 1 2']
    """
    if not names:
        return []
    text = _END.join(name if name.isascii() else _without_accents(name) for name in names).lower()
    text = text.replace("&", " and ").replace("+", " and ").replace("...", " ").translate(_PUNCTUATION)
    while "  " in text:
        text = text.replace("  ", " ")
    return text.replace(f" {_END}", _END).replace(f"{_END} ", _END).strip(" ").split(_END)


def _without_accents(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.replace("½", " 1/2").casefold()).casefold()
    letters = (c for c in text.translate(_LETTERS) if not unicodedata.combining(c))
    return "".join(c if c.isascii() or c.isalnum() else " " for c in letters)


def levelled(name: str) -> str:
    """A plain name without an article in front, its numerals as digits and its parts by number alone.

    >>> levelled("the godfather part ii"), levelled("rocky iv"), levelled("oceans eleven")
    ('godfather 2', 'rocky 4', 'oceans 11')
    """
    words = name.split()
    if len(words) > 1 and words[0] in ENGLISH_ARTICLES:
        del words[0]
    if len(words) > 1 and not _SPECIAL.isdisjoint(words):
        words = [_SAME.get(word, word) for word in words]
        pairs = pairwise([*words, ""])
        words = [word for word, after in pairs if not (word in _COUNTED and after.isdecimal())]
    return " ".join(words)


def essential(name: str) -> str:
    """A plain name without the words that say little.

    >>> essential("return of the king")
    'return king'
    """
    return " ".join([word for word in name.split() if word not in _FILLERS])


def runs(name: str) -> set[str]:
    """The parts of a title between its colons and dashes, and what neighbours among them make, levelled.

    >>> sorted(runs("Star Wars: Episode IV - A New Hope"))
    ['4 a new hope', 'new hope', 'star wars', 'star wars 4']
    """
    pieces = _BREAK.split(name)
    if len(pieces) == 1:
        return set()
    pieces = plain(pieces)
    spans = [*combinations(range(len(pieces) + 1), 2)]
    spans.remove((0, len(pieces)))
    found = {levelled(" ".join(pieces[start:end])) for start, end in spans}
    return {run for run in found if run and (not run.isdecimal() or run == pieces[0])}
