"""A small folder of data with two tastes: Rising movies and Falling ones."""

import csv
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch

from stages.core.files import write_csv
from stages.factorization import als, gibbs
from stages.movielens.ratings import Ratings
from stages.movielens.tables import movies_table, users_table
from stages.ranking.score import fit_known, fit_new
from stages.recommender.artifacts import Artifacts
from stages.recommender.profile import UserProfile
from tests.clustering.builders import make_embeddings
from tests.conftest import hyperparameters, make_problem

N_USERS = 40
RISER, FALLER, OMNIVORE = 36, 37, 39
"""Users who have rated only Rising movies, only Falling movies, and every movie."""


class Film(NamedTuple):
    title: str
    year: int | None
    genres: str
    rising: bool


GREEK = "Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi".split()
FILMS = [
    Film("Toy Story", 1995, "Animation|Comedy", True),
    Film("Heat", 1995, "Action|Crime", False),
    Film("Matrix, The", 1999, "Action|Sci-Fi", True),
    Film('Good, the Bad and the "Ugly", The', 1966, "Western", False),
    Film("Hamlet", 1990, "Drama", True),
    Film("Hamlet", 1996, "Drama|Romance", False),
    Film("Babylon 5", None, "Sci-Fi", True),
    Film("Nosferatu", 1922, "", False),
]
for number, letter in enumerate(GREEK):
    FILMS.append(Film(f"{letter} Rising", 1970 + 2 * number, "Sci-Fi|Adventure", True))
    FILMS.append(Film(f"{letter} Falling", 1970 + 2 * number, "Drama|War", False))
RARE = range(len(FILMS) - 6, len(FILMS))
"""Movies with few ratings, without a cluster and an embedding."""
CLUSTERS = ["Sci-Fi · Adventure, 1995–2010", "War · Drama, 1966–2000", "Sci-Fi · Comedy", "Crime · War"]
"""Even ones have Rising movies, odd ones Falling movies."""
CLUSTERED = {movie: (movie % 4 < 2) * 2 + (not FILMS[movie].rising) for movie in range(len(FILMS) - 6)}


def user_id(user: int) -> int:
    return 100 + 3 * user


def rated() -> Ratings:
    """Five ratings an hour; the first half of the users likes Rising movies, the others Falling ones."""
    rng = np.random.default_rng(5)
    rows = []
    for user in range(N_USERS):
        likes = [film.rising == ((user < N_USERS // 2 or user == RISER) and user != FALLER) for film in FILMS]
        chances = [_chance(user, movie, own) for movie, own in enumerate(likes)]
        seen = np.flatnonzero((rng.random(len(FILMS)) < chances) | (user == OMNIVORE)).tolist()
        for place, movie in enumerate(seen):
            rating = (4.5 if likes[movie] else 2.0) + 0.5 * rng.integers(-1, 2)
            rows.append((user, movie, rating, (1000 * (user + 1) + place // 5) * 3600 + place))
    users, movies, stars, seconds = map(torch.tensor, zip(*rows, strict=True))
    return Ratings(users, movies, stars.float(), seconds, N_USERS, len(FILMS))


def _chance(user: int, movie: int, own: bool) -> float:
    if movie in RARE:
        return 0.05
    return 0.6 * own if user in (RISER, FALLER) else (0.75 if own else 0.4) * (1 - movie / 60)


def write(path: Path, header: str, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])
    return path


def build(data: Path) -> Path:
    """Write all files that a recommendation reads, with a model by the Gibbs sampler."""
    (data / "prepared").mkdir(parents=True)
    ratings = rated()
    part = torch.arange(len(ratings)) % 10
    train = ratings[part < 8]
    for name, rows in (("train", train), ("validation", ratings[part == 8]), ("test", ratings[part == 9])):
        (data / "prepared" / f"{name}.pt").write_bytes(rows.serialize())
    titles = [f"{film.title} ({film.year})" if film.year else film.title for film in FILMS]
    ids = np.arange(len(FILMS)) * 10 + 7
    films = pd.DataFrame({"movie_id": ids, "title": titles, "genres": [film.genres for film in FILMS]})
    write_csv(data / "prepared" / "movies.csv", movies_table(ratings, ids, films))
    users = np.array([user_id(user) for user in range(N_USERS)])
    write_csv(data / "prepared" / "users.csv", users_table(ratings, users))
    clusters = [(movie, ids[movie], cluster, CLUSTERS[cluster]) for movie, cluster in CLUSTERED.items()]
    write(data / "clusters.csv", "movie,movie_id,cluster,name", clusters)
    # Rising movies within 45° of a circle, in their order; Falling ones a right angle away.
    angle = [math.radians(movie / len(FILMS) * 45 + 90 * (not FILMS[movie].rising)) for movie in CLUSTERED]
    embedding = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = make_embeddings(np.array([*CLUSTERED]), embedding, notebook=np.zeros((0, len(FILMS), 2)))
    (data / "points.npy").write_bytes(points.serialize())
    dummies = torch.tensor(films["genres"].str.get_dummies("|").to_numpy(), dtype=torch.float32)
    genres = torch.nn.functional.normalize(dummies, dim=1)
    (data / "ease.pt").write_bytes(fit_known(train, genres, 5.0).serialize())
    (data / "ridge.pt").write_bytes(fit_new(train, genres).serialize())
    (data / "model.pt").write_bytes(fitted(gibbs, train))
    return data


def fitted(solver: Any, train: Ratings) -> Any:
    penalties = {"regularization": 2, "bias_regularization": 1}
    features = {"movie_features": ("raters",), "user_effects": (), "feature_rank": 4}
    chosen = hyperparameters(latent_factors=3, epochs=24, **features, **penalties)
    return solver.fit(make_problem(train), chosen).model.serialize()


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("recommender") / "data")


@pytest.fixture(scope="session")
def artifacts(data: Path) -> Artifacts:
    return Artifacts(data)


@pytest.fixture(scope="session", params=["gibbs", "als"])
def solved(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """The data with a model by each solver."""
    if request.param == "gibbs":
        return Artifacts(data)
    other = tmp_path_factory.mktemp("als") / "data"
    shutil.copytree(data, other)
    (other / "model.pt").write_bytes(fitted(als, Ratings.load(data / "prepared" / "train.pt")))
    return Artifacts(other)


def fan(artifacts: Artifacts, *titles: str) -> UserProfile:
    """Somebody new who likes some movies."""
    profile = UserProfile(artifacts)
    profile.add_titles(list(titles), [])
    return profile


def member(artifacts: Artifacts, user: int) -> UserProfile:
    """A user of the dataset, by index."""
    profile = UserProfile(artifacts)
    profile.add_user(user_id(user))
    return profile
