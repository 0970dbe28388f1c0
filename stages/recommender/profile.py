"""Who asks: what somebody has rated and seen, from their number, from titles, or from a list of films."""

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from stages.core.cli import UserError
from stages.factorization.fold_in import UserPosterior, fold_in
from stages.factorization.model import hour_of
from stages.recommender import film_list as watched
from stages.recommender.artifacts import NOW, Artifacts

LIKED = 4.5
"""Stars that stand for a film that somebody says they like."""
LOWEST, HIGHEST = 0.5, 5.0
SHOWN = 5
"""Titles of a list that are named if they are not found."""


@dataclass
class UserProfile:
    """What is known of somebody: ratings by movie, with the hour of each, and what else they have seen."""

    library: Artifacts
    user: int | None = None
    """The index of a user of the model."""
    stars: dict[int, float] = field(default_factory=dict)
    hours: dict[int, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    """Movies that are not to be recommended, rated or not."""

    def add_user(self, user_id: int) -> None:
        """All that a user of the dataset has rated."""
        own = self.library.ratings_of(user_id)
        self.user = self.library.users[user_id]
        self.stars |= dict(zip(own.movie.tolist(), own.rating.tolist(), strict=True))
        self.hours |= dict(zip(own.movie.tolist(), hour_of(own.timestamp).tolist(), strict=True))
        self.seen |= set(own.movie.tolist())

    def add_liked(self, title: str) -> None:
        """A film that they like."""
        self._rate(self.library.titles.find(title), LIKED)

    def add_rated(self, text: str) -> None:
        """A film with its stars, as in "Heat=4.5"."""
        title, equals, number = text.rpartition("=")
        if not equals:
            raise UserError(f'"{text}" has no stars; write a title, = and stars, such as "Heat=4.5"')
        self._rate(self.library.titles.find(title), stars_in(number, text))

    def add_list(self, path: Path) -> None:
        """The films of a CSV file, each rated in an hour of its own; those not found are named, and left out.

        Raises UserError when none is found.
        """
        unknown = []
        films = watched.read(path)
        for number, film in enumerate(films, start=1):
            name = f"{film.title} ({film.year})" if film.year else film.title
            try:
                movie = self.library.titles.find(name)
            except UserError:
                unknown.append(name)
                continue
            self.seen.add(movie)
            if film.stars is not None:
                self.stars[movie], self.hours[movie] = film.stars, NOW + number
        if len(unknown) == len(films):
            raise UserError(
                f"none of the {len(films)} films in {path} is in the dataset, such as {unknown[0]}"
            )
        if unknown:
            named = ", ".join(unknown[:SHOWN]) + (", …" if len(unknown) > SHOWN else "")
            left_out = (
                f"{len(unknown)} of {len(films)} films in {path} not found, or not clear which is meant"
            )
            print(f"{left_out}: {named}", file=sys.stderr)

    def add_taste(self, movies: list[int]) -> None:
        """Movies that stand for what they like; they may be recommended, as nobody says they saw them."""
        for movie in movies:
            self.stars[movie], self.hours[movie] = LIKED, NOW

    def _rate(self, movie: int, stars: float) -> None:
        self.stars[movie], self.hours[movie] = stars, NOW
        self.seen.add(movie)

    def person(self) -> UserPosterior:
        """What the model knows of them; of somebody who has rated nothing, what it expects of anybody."""
        movie = torch.tensor(list(self.stars), dtype=torch.int64)
        stars = torch.tensor(list(self.stars.values()), dtype=torch.float32)
        hours = torch.tensor([self.hours[each] for each in self.stars], dtype=torch.int64)
        return fold_in(self.library.model, movie, stars, hours, self.user)

    def chance_seen(self) -> Float[Tensor, " n_movies"]:
        """How likely they are to see each movie, given what they have seen or like."""
        seen = torch.zeros(1, len(self.library.movies))
        seen[0, list(self.seen | self.stars.keys())] = 1
        return self.library.ease.score(seen)[0]


def stars_in(number: str, text: str) -> float:
    """The stars that a person wrote; raises UserError where it is no number from 0.5 to 5."""
    try:
        stars = float(number.replace(",", "."))
    except ValueError:
        stars = math.nan
    if not LOWEST <= stars <= HIGHEST:
        raise UserError(
            f'"{text}": stars are a number from {LOWEST:g} to {HIGHEST:g}, not "{number.strip()}"'
        )
    return stars
