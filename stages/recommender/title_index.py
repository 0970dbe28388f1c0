"""Looks names up in the titles of a catalogue: exactly, and less and less so."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from stages.movielens.title_format import alternatives, spoken
from stages.recommender.normalization import essential, levelled, plain, runs

LETTERS_PER_TYPO = 5
MOST_TYPOS = 3
FAMOUS = 0.1
"""A movie with this share of the best known one's ratings may be meant by less of its title than others."""


class Lookup:
    """Each way to look a name up gives the movies found, as places in the catalogue; any may come twice.

    What a way needs is prepared when it is first used.
    """

    def __init__(self, titles: Sequence[str], n_ratings: Sequence[int]) -> None:
        self._titles, self._n_ratings = titles, n_ratings

    def exactly(self, name: str) -> list[int]:
        """Movies with this title, and better known ones with it as an alternative title."""
        (key,) = _keys(plain([name]), [name])
        by_title, by_alternative = self._by_key
        found = by_title.get(key, [])
        best = max((self._n_ratings[movie] for movie in found), default=0)
        others = by_alternative.get(key, []) if found else []
        return found + [movie for movie in others if self._n_ratings[movie] > best]

    def levelled(self, name: str) -> list[int]:
        """Movies with this title, alternative or not, whatever its article and however it is numbered."""
        wanted = _level(name)
        return self._by_level.get(wanted, []) if wanted else []

    def by_part(self, name: str) -> list[int]:
        """Movies in whose title this stands alone between colons or dashes: "Terminator 2", "A New Hope"."""
        wanted, (names, movies) = _level(name), self._names
        return [movies[i] for i in self._holding([wanted]) if wanted in runs(names[i])]

    def by_words(self, name: str) -> list[int]:
        """Movies with these words in their title, side by side if possible; for one word, famous ones."""
        wanted, movies = _level(name), self._names[1]
        words = essential(wanted).split()
        if not words:
            return []
        found = [movies[i] for i in self._holding([wanted]) or self._holding(words)]
        return found if len(words) > 1 else [movie for movie in found if self._is_famous(movie)]

    def with_typos(self, name: str) -> list[int]:
        """Movies of which a title, or a part of it, differs least: in few letters, and in no digit.

        Movies that are not famous are allowed half as many typos, since the movie meant may be another.
        """
        wanted = essential(_level(name))
        allowed = min(len(wanted) // LETTERS_PER_TYPO, MOST_TYPOS)
        if not allowed:
            return []
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        texts, movies = self._essentials
        close = process.extract(wanted, texts, scorer=OSA.distance, score_cutoff=allowed, limit=None)
        numbered = [(typos, movies[i]) for text, typos, i in close if _digits(text) == _digits(wanted)]
        likely = [(typos, m) for typos, m in numbered if self._is_famous(m) or typos <= allowed // 2]
        return [movie for typos, movie in likely if typos == likely[0][0]]

    def near(self, name: str, count: int) -> list[int]:
        """The movies whose titles share most with a name, the best known first among equals."""
        from rapidfuzz import fuzz, process

        texts, movies = self._essentials
        wanted = essential(_level(name))
        close = process.extract(wanted, texts, scorer=fuzz.token_set_ratio, limit=20 * count, score_cutoff=1)
        close.sort(key=lambda found: (-found[1], -self._n_ratings[movies[found[2]]]))
        return list(dict.fromkeys(movies[i] for *_, i in close))[:count]

    def _is_famous(self, movie: int) -> bool:
        return self._n_ratings[movie] >= FAMOUS * self._most_ratings

    def _holding(self, phrases: list[str]) -> list[int]:
        """MovieEmbeddings of the names that hold all of these, each as whole words."""
        found: Iterable[int] = range(len(self._padded)) if all(phrases) else []
        for phrase in (f" {phrase} " for phrase in sorted(phrases, key=len, reverse=True)):
            found = [i for i in found if phrase in self._padded[i]]
        return list(found)

    @cached_property
    def _most_ratings(self) -> int:
        return max(self._n_ratings, default=0)

    @cached_property
    def _names(self) -> tuple[list[str], list[int]]:
        """What movies are called, as spoken, as written and otherwise, and the movie of each name."""
        odd = [i for i, title in enumerate(self._titles) if title.endswith(")") or ", " in title]
        names, written = list(self._titles), [i for i in odd if self._titles[i].endswith(")")]
        for i in odd:
            names[i] = spoken(names[i])
        others = [(name, i) for i in odd for name in alternatives(self._titles[i])]
        names += [self._titles[i] for i in written] + [name for name, _ in others]
        return names, [*range(len(self._titles)), *written, *(i for _, i in others)]

    @cached_property
    def _plain(self) -> list[str]:
        return plain(self._names[0])

    @cached_property
    def _by_key(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """Movies by their titles without gaps, and by their alternative titles."""
        names, movies = self._names
        keys, n_main = _keys(self._plain, names), sum(1 + title.endswith(")") for title in self._titles)
        return _grouped(keys[:n_main], movies[:n_main]), _grouped(keys[n_main:], movies[n_main:])

    @cached_property
    def _levels(self) -> list[str]:
        return [levelled(name) for name in self._plain]

    @cached_property
    def _padded(self) -> list[str]:
        return [f" {name} " for name in self._levels]

    @cached_property
    def _by_level(self) -> dict[str, list[int]]:
        return _grouped(self._levels, self._names[1])

    @cached_property
    def _essentials(self) -> tuple[list[str], list[int]]:
        """Names and their parts without words that say little, and the movie of each."""
        names, movies = self._names
        parts = [(run, movie) for name, movie in zip(names, movies, strict=True) for run in runs(name)]
        texts = self._levels + [run for run, _ in parts]
        return [essential(text) for text in texts], movies + [movie for _, movie in parts]


def _keys(plain_names: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names without their gaps; one that is all punctuation stays as it is."""
    return [key.replace(" ", "") or name for key, name in zip(plain_names, names, strict=True)]


def _level(name: str) -> str:
    return levelled(*plain([name]))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _grouped(keys: Iterable[str], movies: Iterable[int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for key, movie in zip(keys, movies, strict=True):
        groups.setdefault(key, []).append(movie)
    return groups
