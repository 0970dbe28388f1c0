"""What the pipeline has made: read when it is needed, and refused where it does not fit."""

import shutil
from pathlib import Path

import pytest
import torch

from stages.core.cli import UserError
from stages.factorization.model import single
from stages.recommender.artifacts import Artifacts, Cluster
from tests.recommender.conftest import CLUSTERS, FILMS, N_USERS, clustered, fan, rated, user_id, write


@pytest.fixture
def copy(data: Path, tmp_path: Path) -> Path:
    """Data of the test's own, to do damage to."""
    shutil.copytree(data, tmp_path / "data")
    return tmp_path / "data"


def test_movies_are_as_the_table_has_them(library: Artifacts) -> None:
    assert [(movie.title, movie.year) for movie in library.movies] == [film[:2] for film in FILMS]
    assert [movie.movie for movie in library.movies] == list(range(len(FILMS)))
    assert ["|".join(movie.genres) for movie in library.movies] == [film.genres for film in FILMS]
    assert [movie.n_ratings for movie in library.movies] == torch.bincount(rated().movie).tolist()


def test_movies_are_called_as_people_call_them(library: Artifacts) -> None:
    names = [str(library.movies[movie]) for movie in (2, 3, 6)]
    assert names == ["The Matrix (1999)", 'The Good, the Bad and the "Ugly" (1966)', "Babylon 5"]


def test_users_go_by_the_numbers_of_the_dataset(library: Artifacts) -> None:
    assert library.users == {user_id(user): user for user in range(N_USERS)}
    assert set(library.ratings_of(user_id(5)).user.tolist()) == {5}
    assert len(library.ratings) == len(rated())


def test_clusters_have_numbers_and_names(library: Artifacts) -> None:
    assert library.clusters == {movie: Cluster(n, CLUSTERS[n]) for movie, n in clustered().items()}
    assert str(library.clusters[0]) == f"2. {CLUSTERS[2]}"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("model.pt", "model"),
        ("ease.pt", "ease"),
        ("points.npy", "nearness"),
        ("clusters.csv", "clusters"),
        ("prepared/movies.csv", "movies"),
        ("prepared/users.csv", "users"),
        ("prepared/train.pt", "ratings"),
        ("prepared/validation.pt", "ratings"),
        ("prepared/test.pt", "ratings"),
    ],
)
def test_a_file_that_is_missing_or_damaged_is_named_with_the_remedy(copy: Path, name: str, part: str) -> None:
    (copy / name).write_bytes(b"movie,title\n0,\xff\n")
    with pytest.raises(UserError, match=rf"{name} is damaged, or .*dvc repro"):
        getattr(Artifacts(copy), part)
    (copy / name).unlink()
    with pytest.raises(UserError, match=rf"{name} does not exist; make it with: dvc repro"):
        getattr(Artifacts(copy), part)


@pytest.mark.parametrize(
    ("rows", "problem"), [([(0, 1)], "no column 'name'"), ([("Heat", 1)], "no column 'name'|invalid literal")]
)
def test_a_table_of_an_older_version_is_refused(
    copy: Path, rows: list[tuple[object, object]], problem: str
) -> None:
    write(copy / "clusters.csv", "movie,cluster", rows)
    with pytest.raises(UserError, match=f"clusters.csv is damaged, or an older version's: ({problem})"):
        _ = Artifacts(copy).clusters


@pytest.mark.parametrize(
    ("movies", "users", "complaint"),
    [
        (len(FILMS) + 1, N_USERS, "model.pt knows 41 movies, but movies.csv has 40"),
        (len(FILMS), N_USERS - 1, "model.pt knows 39 users, but users.csv has 40"),
    ],
)
def test_a_model_of_other_data_is_refused(copy: Path, movies: int, users: int, complaint: str) -> None:
    model = single(torch.tensor(3.5), torch.zeros(users, 3), torch.zeros(movies, 3))
    (copy / "model.pt").write_bytes(model.serialize())
    with pytest.raises(UserError, match=f"{complaint}: they were made from different data; run: dvc repro"):
        _ = Artifacts(copy).model


def test_an_estimate_of_who_sees_what_of_other_data_is_refused(copy: Path) -> None:
    movies = (copy / "prepared" / "movies.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (copy / "prepared" / "movies.csv").write_text("".join(movies[:-1]), encoding="utf-8")
    with pytest.raises(UserError, match=r"ease.pt knows 40 movies, but movies.csv has 39"):
        fan(Artifacts(copy), "Heat").chance_seen()
