"""A small folder of data with two tastes: Rising movies and their like, and Falling ones."""

import csv
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from stages.clustering.nearest import NearestNeighbours
from stages.factorization import als, gibbs
from stages.factorization.solver import Fit
from stages.movielens.ratings import Ratings
from stages.ranking import ease
from stages.recommender.artifacts import Artifacts
from stages.recommender.profile import UserProfile
from tests.conftest import hyperparameters, make_problem
from tests.test_places import make_places

N_USERS = 40
DEVOTEE, OPPONENT, OMNIVORE = 36, 37, 39
"""Users who have rated Rising movies only, Falling movies only, and every movie."""


class Film(NamedTuple):
    title: str
    year: int | None
    genres: str
    rising: bool


GREEK = "Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi".split()
NAMED = [
    Film("Toy Story", 1995, "Animation|Comedy", True),
    Film("Heat", 1995, "Action|Crime", False),
    Film("Matrix, The", 1999, "Action|Sci-Fi", True),
    Film('Good, the Bad and the "Ugly", The', 1966, "Western", False),
    Film("Hamlet", 1990, "Drama", True),
    Film("Hamlet", 1996, "Drama|Romance", False),
    Film("Babylon 5", None, "Sci-Fi", True),
    Film("Nosferatu", 1922, "", False),
]
FILMS = NAMED + [
    Film(f"{letter} {'Rising' if rising else 'Falling'}", 1970 + 2 * place, genres, rising)
    for place, letter in enumerate(GREEK)
    for rising, genres in ((True, "Sci-Fi|Adventure"), (False, "Drama|War"))
]
RARE = range(len(FILMS) - 6, len(FILMS))
"""Movies of few ratings, in no cluster and without a point."""
CLUSTERS = ["Sci-Fi · Adventure, 1995–2010", "War · Drama, 1966–2000", "Sci-Fi · Comedy", "Crime · War"]
"""Even ones are of Rising movies, odd ones of Falling."""


def user_id(user: int) -> int:
    return 100 + 3 * user


def rated() -> Ratings:
    """Five ratings an hour; the first half of the users likes what is rising, the others what is falling."""
    rng = np.random.default_rng(5)
    rows = []
    for user in range(N_USERS):
        own = (user < N_USERS // 2 or user == DEVOTEE) and user != OPPONENT
        seen = [
            movie
            for movie, film in enumerate(FILMS)
            if rng.random() < _chance(user, movie, film.rising == own) or user == OMNIVORE
        ]
        for place, movie in enumerate(seen):
            stars = (4.5 if FILMS[movie].rising == own else 2.0) + 0.5 * rng.integers(-1, 2)
            rows.append((user, movie, stars, (1000 * (user + 1) + place // 5) * 3600 + place))
    user_column, movie_column, stars_column, second = zip(*rows, strict=True)
    return Ratings(
        torch.tensor(user_column),
        torch.tensor(movie_column),
        torch.tensor(stars_column, dtype=torch.float32),
        torch.tensor(second),
        N_USERS,
        len(FILMS),
    )


def _chance(user: int, movie: int, own: bool) -> float:
    if movie in RARE:
        return 0.05
    if user in (DEVOTEE, OPPONENT):
        return 0.6 * own
    return (0.75 if own else 0.4) * (1 - movie / 60)


def clustered() -> dict[int, int]:
    """The cluster of each movie that has one."""
    return {
        movie: (movie % 4 < 2) * 2 + (not film.rising)
        for movie, film in enumerate(FILMS)
        if movie not in RARE
    }


def points() -> NearestNeighbours:
    """Points on a circle: Rising movies on the first 45°, in their order, Falling ones a right angle away."""
    movie = np.array(sorted(clustered()))
    angle = [math.radians(movie_ / len(FILMS) * 45 + 90 * (not FILMS[movie_].rising)) for movie_ in movie]
    return NearestNeighbours(movie, np.stack([np.cos(angle), np.sin(angle)], axis=1))


def write(path: Path, header: str, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])
    return path


def build(data: Path) -> Path:
    """Write all that a recommendation reads, with a Bayesian model."""
    prepared = data / "prepared"
    prepared.mkdir(parents=True)
    ratings = rated()
    part = torch.arange(len(ratings)) % 10
    parts = {"train": part < 8, "validation": part == 8, "test": part == 9}
    for name, rows in parts.items():
        (prepared / f"{name}.pt").write_bytes(ratings[rows].serialize())
    count = torch.bincount(ratings.movie, minlength=len(FILMS))
    mean = torch.bincount(ratings.movie, ratings.rating, len(FILMS)) / count
    movies = [
        (movie, 10 * movie + 7, film.title, film.year, film.genres, count[movie].item(), mean[movie].item())
        for movie, film in enumerate(FILMS)
    ]
    header = "movie,movie_id,title,year,genres,n_ratings,mean_rating"
    write(prepared / "movies.csv", header, movies)
    own = torch.bincount(ratings.user).tolist()
    write(prepared / "users.csv", "user,user_id,n_ratings", [(u, user_id(u), n) for u, n in enumerate(own)])
    clusters = [(movie, number, CLUSTERS[number]) for movie, number in clustered().items()]
    write(data / "clusters.csv", "movie,cluster,name", clusters)
    (data / "points.npy").write_bytes(make_places(points()).serialize())
    (data / "ease.pt").write_bytes(ease.fit(ratings[parts["train"]], 5.0).serialize())
    (data / "model.pt").write_bytes(_fit("gibbs", ratings[parts["train"]]).model.serialize())
    return data


def _fit(solver: str, train: Ratings) -> Fit:
    chosen = hyperparameters(
        latent_factors=3,
        epochs=24,
        movie_features=("raters",),
        feature_rank=4,
        regularization=2,
        bias_regularization=1,
    )
    return {"gibbs": gibbs.fit, "als": als.fit}[solver](make_problem(train), chosen)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("recommender") / "data")


@pytest.fixture(scope="session")
def library(data: Path) -> Artifacts:
    return Artifacts(data)


@pytest.fixture(scope="session")
def libraries(
    data: Path, library: Artifacts, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Artifacts]:
    """The same data with a model by each solver."""
    other = tmp_path_factory.mktemp("als") / "data"
    shutil.copytree(data, other)
    train = Ratings.load(data / "prepared" / "train.pt")
    (other / "model.pt").write_bytes(_fit("als", train).model.serialize())
    return {"gibbs": library, "als": Artifacts(other)}


def fan(library: Artifacts, *titles: str) -> UserProfile:
    """Somebody new who likes some movies."""
    asker = UserProfile(library)
    for title in titles:
        asker.add_liked(title)
    return asker


def member(library: Artifacts, user: int) -> UserProfile:
    """A user of the dataset, by index."""
    asker = UserProfile(library)
    asker.add_user(user_id(user))
    return asker


def is_rising(movie: int) -> bool:
    return FILMS[movie].rising
