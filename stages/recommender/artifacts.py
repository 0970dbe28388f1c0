"""What the pipeline has made, as far as a recommendation needs it; without pandas, which starts slowly."""

import csv
from collections.abc import Callable, Sequence
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch

from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.nearest import NearestNeighbours
from stages.core.cli import UserError
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, concatenate
from stages.movielens.title_format import spoken
from stages.ranking.ease import Ease
from stages.recommender.title_search import Titles

NOW = 10_000_000
"""An hour after all ratings: that of the ratings that somebody gives in a question."""
REMEDY = "make it with: dvc repro"

Row = TypeVar("Row")


class Movie(NamedTuple):
    """A row of the table of movies."""

    movie: int
    movie_id: int
    title: str
    year: int | None
    genres: tuple[str, ...]
    n_ratings: int
    mean_rating: float

    def __str__(self) -> str:
        return spoken(self.title) + (f" ({self.year})" if self.year else "")


class Cluster(NamedTuple):
    """A cluster's number and name."""

    number: int
    name: str

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"


class Artifacts:
    """The files in the folder `data` of the repository, each read when it is first needed."""

    def __init__(self, data: Path) -> None:
        self.data = data

    @cached_property
    def model(self) -> Model:
        """The factorization."""
        model = Model.load(self.data / "model.pt")
        self._check("model.pt", "movies", model.movie_biases.shape[1], len(self.movies))
        self._check("model.pt", "users", model.n_users, len(self.users))
        return model

    @cached_property
    def ease(self) -> Ease:
        """Who will see what."""
        ease = Ease.load(self.data / "ease.pt")
        self._check("ease.pt", "movies", ease.n_movies, len(self.movies))
        return ease

    @cached_property
    def nearness(self) -> NearestNeighbours:
        """Which movies are alike."""
        return MovieEmbeddings.load(self.data / "points.npy").neighbours

    @cached_property
    def movies(self) -> list[Movie]:
        """All rated movies, by index."""
        return self._table("prepared/movies.csv", MOVIE, _movie)

    @cached_property
    def titles(self) -> Titles:
        """The search for titles."""
        return Titles(
            [movie.title for movie in self.movies],
            [movie.year for movie in self.movies],
            [movie.n_ratings for movie in self.movies],
        )

    @cached_property
    def clusters(self) -> dict[int, Cluster]:
        """The cluster of each clustered movie."""
        return dict(self._table("clusters.csv", ("movie", "cluster", "name"), _cluster))

    @cached_property
    def users(self) -> dict[int, int]:
        """The index of each user_id."""
        return dict(
            self._table("prepared/users.csv", ("user_id", "user"), lambda *ids: (int(ids[0]), int(ids[1])))
        )

    @cached_property
    def ratings(self) -> Ratings:
        """All ratings there are: a recommendation may know everything, only a measurement must not."""
        parts = (Ratings.load(self.data / "prepared" / f"{part}.pt") for part in ("validation", "test"))
        ratings = Ratings.load(self.data / "prepared" / "train.pt")
        for part in parts:
            ratings = concatenate(ratings, part)
        return ratings

    def ratings_of(self, user_id: int) -> Ratings:
        """All ratings of a user; raises UserError when there is no such user."""
        if user_id not in self.users:
            known = sorted(self.users)
            raise UserError(
                f"there is no user {user_id}; the {len(known)} users have numbers from {known[0]} to "
                f"{known[-1]}"
            )
        return self.ratings[self.ratings.user == self.users[user_id]]

    def index_of(self, movies: list[Movie]) -> torch.Tensor:
        """The indices of some movies."""
        return torch.tensor([movie.movie for movie in movies], dtype=torch.int64)

    def _check(self, name: str, what: str, known: int, there_are: int) -> None:
        if known != there_are:
            raise UserError(
                f"{self.data / name} knows {known} {what}, but {what}.csv has {there_are}: "
                "they were made from different data; run: dvc repro"
            )

    def _table(self, name: str, columns: Sequence[str], parse: Callable[..., Row]) -> list[Row]:
        """A table's rows, each parsed from these columns of it."""
        path = self.data / name
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.reader(file)
                place = {column: number for number, column in enumerate(next(rows, []))}
                cells = itemgetter(*(place[column] for column in columns))
                return [parse(*cells(row)) for row in rows]
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; {REMEDY}") from None
        except (KeyError, ValueError, IndexError, csv.Error) as error:
            problem = f"no column {error}" if isinstance(error, KeyError) else error
            raise UserError(f"{path} is damaged, or an older version's: {problem}; {REMEDY}") from error


MOVIE = ("movie", "movie_id", "title", "year", "genres", "n_ratings", "mean_rating")


def _movie(
    movie: str, movie_id: str, title: str, year: str, genres: str, n_ratings: str, mean_rating: str
) -> Movie:
    split = tuple(genres.split("|")) if genres else ()
    released = int(year) if year else None
    return Movie(int(movie), int(movie_id), title, released, split, int(n_ratings), float(mean_rating))


def _user(user_id: str, user: str) -> tuple[int, int]:
    return int(user_id), int(user)


def _cluster(movie: str, cluster: str, name: str) -> tuple[int, Cluster]:
    return int(movie), Cluster(int(cluster), name)
