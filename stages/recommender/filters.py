"""Which movies may be recommended at all."""

import re
from dataclasses import dataclass, field

from stages.core.cli import UserError
from stages.recommender.artifacts import Artifacts, Cluster, Movie

_YEARS = re.compile(r"(?P<first>\d{4})?(?:\s*(?P<dash>[-–])\s*(?P<last>\d{4})?)?")


@dataclass
class Filters:
    """What a movie must fulfil; each left as it is lets all movies pass."""

    genres: list[str] = field(default_factory=list)
    """The movie has every one of these."""
    excluded_genres: list[str] = field(default_factory=list)
    """The movie has none of these."""
    years: str = ""
    """From when it is: 1994, 1980-1999, 2000-, or -1960."""
    cluster: str = ""
    """Number of its cluster, or part of the cluster's name."""
    min_ratings: int = 0
    """How many people have rated it, at least."""

    def passing(self, library: Artifacts) -> list[Movie]:
        """The movies that pass; raises UserError where a filter makes no sense, or lets none pass."""
        wanted, excluded = _genres(self.genres, library), _genres(self.excluded_genres, library)
        first, last = _span(self.years)
        clusters = _clusters(self.cluster, library)

        def passes(movie: Movie) -> bool:
            return (
                wanted <= set(movie.genres)
                and excluded.isdisjoint(movie.genres)
                and (not self.years or (movie.year is not None and first <= movie.year <= last))
                and (not clusters or library.clusters.get(movie.movie) in clusters)
                and movie.n_ratings >= self.min_ratings
            )

        found = [movie for movie in library.movies if passes(movie)]
        if not found:
            raise UserError(f"no movie passes: {self}; leave one of these out")
        return found

    def __str__(self) -> str:
        """The filters that are set, as one would type them."""
        parts = [f"--genre {genre}" for genre in self.genres]
        parts += [f"--exclude-genre {genre}" for genre in self.excluded_genres]
        parts += [f"--years {self.years}"] if self.years else []
        parts += [f"--cluster {self.cluster}"] if self.cluster else []
        parts += [f"--min-ratings {self.min_ratings}"] if self.min_ratings else []
        return " ".join(parts)


def _genres(names: list[str], library: Artifacts) -> set[str]:
    known = {genre.casefold(): genre for movie in library.movies for genre in movie.genres} if names else {}
    for name in names:
        if name.casefold() not in known:
            raise UserError(f'there is no genre "{name}"; there are: {", ".join(sorted(known.values()))}')
    return {known[name.casefold()] for name in names}


def _span(years: str) -> tuple[int, int]:
    match = _YEARS.fullmatch(years.strip())
    if not match or (years and not (match["first"] or match["last"])):
        raise UserError(f'--years "{years}" is no span of years; write 1994, 1980-1999, 2000- or -1960')
    first, last = int(match["first"] or 0), int(match["last"] or 9999)
    if match["first"] and not match["dash"]:
        last = first
    if first > last:
        raise UserError(f'--years "{years}" ends before it begins; write it as {last}-{first}')
    return first, last


def _clusters(text: str, library: Artifacts) -> set[Cluster]:
    if not text:
        return set()
    known, wanted = sorted(set(library.clusters.values())), text.strip().casefold()
    if wanted.isdecimal():
        found = {cluster for cluster in known if cluster.number == int(wanted)}
    else:
        found = {cluster for cluster in known if wanted and wanted in cluster.name.casefold()}
    if not found:
        raise UserError(f'there is no cluster "{text}"; there are:\n' + "\n".join(map(str, known)))
    return found
