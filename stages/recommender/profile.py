"""What a person has rated and seen: as a user of the dataset, by named titles, or in a list of films."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from stages.core.cli import UserError, printable
from stages.factorization.fold_in import UserPosterior, fold_in
from stages.ranking.score import DISLIKED, SEEN
from stages.recommender import film_list
from stages.recommender.artifacts import Artifacts

LIKED = 4.5  # stars of a film that somebody likes


@dataclass
class UserProfile:
    """The ratings of a person by movie index, and all movies that they have seen."""

    artifacts: Artifacts
    user: int | None = None  # the index of a user of the model
    stars: dict[int, float] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def add_user(self, user_id: int) -> None:
        """Add all ratings of a user of the dataset."""
        users, ratings = self.artifacts.users, self.artifacts.ratings
        if user_id not in users:
            span = f"from {users.index.min()} to {users.index.max()}"
            raise UserError(f"there is no user {user_id}; the numbers of the {len(users)} users are {span}")
        self.user = int(users[user_id])
        own = ratings[ratings.user == self.user]
        self.stars |= dict(zip(own.movie.tolist(), own.rating.tolist(), strict=True))
        self.seen |= self.stars.keys()

    def add_titles(self, liked: list[str], rated: list[str]) -> None:
        """Add liked films, and films with stars ("Heat=4.5"); raises one UserError for all that are wrong."""
        errors, understood = list[str](), dict[str, str]()
        for text in [*(f"{title}={LIKED}" for title in liked), *rated]:
            title, equals, number = text.rpartition("=")
            try:
                if not equals:
                    raise UserError(f'"{text}" has no stars; write them as in "Heat=4.5"')
                movie = self.artifacts.titles.find(title)
                stars = film_list.parse(f'the rating of "{title}"', number, 0.5, 5)
            except UserError as error:
                errors.append(str(error))
                continue
            if self.stars.get(movie, stars) != stars:
                note(f"{self.artifacts.titles.labels[movie]} is rated more than once; {stars:g} stars count")
            self.stars[movie] = stars
            self.seen.add(movie)
            understood[title] = self.artifacts.titles.labels[movie]
        if errors:
            raise UserError("\n".join(errors))
        meant = [f"{title.strip()} is {label}" for title, label in understood.items() if title != label]
        if meant:
            note("; ".join(meant))

    def add_list(self, path: Path) -> None:
        """Add the films of a CSV file, without those not found; raises UserError if no film is found."""
        films, repeated, unknown = film_list.read(path), list[str](), list[str]()
        for title, stars in tqdm(films, "find films", unit="film", delay=2, disable=not sys.stderr):
            try:
                movie = self.artifacts.titles.find(title, suggest=False)
            except UserError:
                unknown.append(title)
                continue
            self.seen.add(movie)
            if stars is not None:
                repeated += [title] if movie in self.stars else []
                self.stars[movie] = stars
        if len(unknown) == len(films):
            raise UserError(f"none of the {len(films)} films in {path} was found, such as {unknown[0]}")
        states = {"unknown or ambiguous": unknown, "rated again; the last rating counts": repeated}
        for state, titles in states.items():
            if titles:
                examples = ", ".join(titles[:5]) + (", …" if titles[5:] else "")
                note(f"{len(titles)} of {len(films)} films in {path} are {state}: {examples}")

    def posterior(self) -> UserPosterior:
        """What the model predicts from the ratings; without any, what it expects of anybody."""
        if self.seen and not self.stars:
            note("no film has stars: the films count as seen, not as liked; add --like or --rate")
        if self.stars and max(self.stars.values()) <= DISLIKED:
            note("all ratings are low: they say what to avoid, not what to look for; add --like")
        movie = torch.tensor(list(self.stars), dtype=torch.int64)
        stars = torch.tensor(list(self.stars.values()), dtype=torch.float32)
        return fold_in(self.artifacts.model, movie, stars, self.user)

    def given(self) -> Float[Tensor, " n_movies"]:
        """The stars of each movie, `SEEN` for one seen without stars, 0 for all others."""
        row = torch.zeros(len(self.artifacts.movies))
        row[list(self.seen)] = SEEN
        row[list(self.stars)] = torch.tensor(list(self.stars.values()))
        return row


def note(text: str) -> None:
    """Print a remark to the standard error, if that is open."""
    if sys.stderr:
        print(printable(f"note: {text}"), file=sys.stderr)
