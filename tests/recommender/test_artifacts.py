"""The files of the pipeline: their content, and errors that name the file."""

import shutil
from pathlib import Path

import pytest
import torch

from stages.core.cli import UserError
from stages.factorization.model import single
from stages.recommender.artifacts import Artifacts
from tests.recommender.builders import CLUSTERED, CLUSTERS, FILMS, N_USERS, rated, user_id


@pytest.fixture
def copy(data: Path, tmp_path: Path) -> Path:
    """Data that a test may damage."""
    return Path(shutil.copytree(data, tmp_path / "data"))


def test_movies_users_and_ratings_are_those_of_the_tables(artifacts: Artifacts) -> None:
    facts = [(movie["year"], "|".join(movie["genres"])) for movie in artifacts.records]
    assert facts == [(film.year, film.genres) for film in FILMS]
    assert [movie["n_ratings"] for movie in artifacts.records] == torch.bincount(rated().movie).tolist()
    clusters = {
        movie: record["cluster"] for movie, record in enumerate(artifacts.records) if record["cluster"]
    }
    assert clusters == {movie: {"number": n, "name": CLUSTERS[n]} for movie, n in CLUSTERED.items()}
    assert artifacts.users.to_dict() == {user_id(user): user for user in range(N_USERS)}
    assert len(artifacts.ratings) == len(rated())


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("model.pt", "model"),
        ("ease.pt", "ease"),
        ("points.npy", "embeddings"),
        ("clusters.csv", "movies"),
        ("prepared/movies.csv", "movies"),
        ("prepared/users.csv", "users"),
        ("prepared/test.pt", "ratings"),
    ],
)
def test_a_damaged_or_missing_file_is_named(copy: Path, name: str, part: str) -> None:
    (copy / name).write_bytes(b"movie,cluster\n0,1\n")
    with pytest.raises(UserError, match=name):
        getattr(Artifacts(copy), part)
    (copy / name).unlink()
    with pytest.raises(UserError, match=name):
        getattr(Artifacts(copy), part)


def test_a_model_of_other_data_is_an_error(copy: Path) -> None:
    model = single(torch.tensor(3.5), torch.zeros(N_USERS, 3), torch.zeros(len(FILMS) + 1, 3))
    (copy / "model.pt").write_bytes(model.serialize())
    with pytest.raises(UserError, match=r"model\.pt has 41 movies.* 40"):
        _ = Artifacts(copy).model


def test_control_characters_of_titles_are_replaced(copy: Path) -> None:
    path = copy / "prepared" / "movies.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Toy Story", "Toy\x1b[2J"), encoding="utf-8")
    assert Artifacts(copy).titles.labels[0] == "Toy�[2J (1995)"
