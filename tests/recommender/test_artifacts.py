"""The files of the pipeline: their content, and errors that name the file."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from stages.core.cli import UserError
from stages.factorization.model import single
from stages.recommender.artifacts import Artifacts
from tests.conftest import make_ratings
from tests.recommender.builders import CLUSTERED, CLUSTERS, FILMS, N_USERS, rated, user_id


@pytest.fixture
def copy(data: Path, tmp_path: Path) -> Path:
    """Data that a test may damage."""
    return Path(shutil.copytree(data, tmp_path / "data"))


def test_movies_users_and_ratings_are_those_of_the_tables(artifacts: Artifacts) -> None:
    facts = [(movie["year"], "|".join(movie["genres"])) for movie in artifacts.records]
    assert facts == [(film.year, film.genres) for film in FILMS]
    assert [movie["n_ratings"] for movie in artifacts.records] == torch.bincount(rated().movie).tolist()
    for movie, record in enumerate(artifacts.records):
        number = CLUSTERED.get(movie)
        assert record["cluster"] == (None if number is None else {"number": number, "name": CLUSTERS[number]})
    assert artifacts.users.to_dict() == {user_id(user): user for user in range(N_USERS)}
    assert len(artifacts.ratings) == len(rated())


PARTS = {"model": "model.pt", "ease": "ease.pt", "embeddings": "points.npy", "movies": "clusters.csv"}
PARTS |= {"titles": "prepared/movies.csv", "users": "prepared/users.csv", "ratings": "prepared/test.pt"}


@pytest.mark.parametrize(("part", "name"), PARTS.items())
def test_a_damaged_or_missing_file_is_named(copy: Path, part: str, name: str) -> None:
    for change in ((copy / name).touch, (copy / name).unlink):
        (copy / name).write_bytes(b"movie,cluster\n0,1\n")
        change()
        with pytest.raises(UserError, match=name):
            getattr(Artifacts(copy), part)


OF_OTHER_DATA = {
    "a model with another movie": ("model.pt", "model", r"41 movies.* 40"),
    "a model with another user": ("model.pt", "model", r"41 users.* 40"),
    "training ratings": ("prepared/train.pt", "ratings", "different data"),
    "all ratings": ("prepared/*.pt", "ratings", r"train\.pt has 41 movies"),
    "clusters": ("clusters.csv", "movies", r"clusters\.csv has other movies"),
}


@pytest.mark.parametrize(("name", "part", "message"), OF_OTHER_DATA.values(), ids=OF_OTHER_DATA)
def test_parts_of_two_datasets_are_not_mixed(copy: Path, name: str, part: str, message: str) -> None:
    more_users, movies = int("users" in message), torch.zeros(len(FILMS) + ("users" not in message), 3)
    for path in copy.glob(name):
        if name == "model.pt":
            content = single(torch.tensor(3.5), torch.zeros(N_USERS + more_users, 3), movies).serialize()
        elif name == "clusters.csv":
            content = path.read_bytes().replace(b"\n2,27,", b"\n2,28,")
        else:
            content = make_ratings([(0, 40, 3.0)], N_USERS, len(FILMS) + 1).serialize()
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        getattr(Artifacts(copy), part)


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "movies, cut off": ("prepared/movies.csv", lambda content: content[:-9]),
    "movies, cut off in a title": ("prepared/movies.csv", lambda content: content[:100]),
    "users, cut off": ("prepared/users.csv", lambda content: content[:-4]),
    "users, an id twice": ("prepared/users.csv", lambda content: content.replace(b"1,103", b"1,100")),
    "users, too large an index": ("prepared/users.csv", lambda content: content.replace(b"1,103", b"9,103")),
    "clusters, cut off": ("clusters.csv", lambda content: content[:-60].rpartition(b",")[0]),
}


@pytest.mark.parametrize(("name", "damage"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_table_is_an_error_with_the_command(copy: Path, name: str, damage: Any) -> None:
    (copy / name).write_bytes(damage((copy / name).read_bytes()))
    artifacts = Artifacts(copy)
    with pytest.raises(UserError, match=r"csv is damaged .*dvc repro -f (prepare|cluster)"):
        _ = artifacts.movies, artifacts.users


def test_texts_of_the_tables_are_printable(copy: Path) -> None:
    for name, text in (("prepared/movies.csv", "Toy Story|Western"), ("clusters.csv", "Comedy")):
        content = (copy / name).read_text(encoding="utf-8")
        (copy / name).write_text(re.sub(text, "\x1b[2J", content), encoding="utf-8")
    assert Artifacts(copy).titles.labels[0] == "�[2J (1995)"
    assert "\x1b" not in str(Artifacts(copy).records)
