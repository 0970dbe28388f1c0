"""A file between stages that is not what its stage wrote is refused, with the command that makes it anew."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.nearest import NearestNeighbours
from stages.core import tensors
from stages.core.cli import UserError
from stages.factorization.model import NOTEBOOK, Model
from stages.movielens.ratings import HOURS, SIDE_INFORMATION, Ratings
from stages.points import REPLICAS
from stages.ranking import ease
from stages.ranking.ease import Ease
from tests.conftest import make_ratings
from tests.factorization.test_model import Exploit, make_model
from tests.test_places import make_places

RATINGS = make_ratings([(0, 0, 4.0), (1, 0, 5.0), (0, 1, 3.0)], n_users=2, n_movies=3)
PLACES = make_places(NearestNeighbours(np.array([3, 5]), np.array([[1.0, 0.0], [5.0, 0.5]])))
SIDES = {"genres": torch.ones(3, 4), "period": torch.ones(3, 2)}
FACTORS = {"user_factors": torch.ones(2, 5, 8), "movie_factors": torch.ones(2, 3, 8)}
EMBEDDINGS = {"embeddings": torch.ones(4, 3, 8), "without_genres": torch.ones(1, 3, 8)}
Values = dict[str, Any]


class Kind(NamedTuple):
    """A file: what is in it, who reads it, and which stage makes it."""

    values: Values
    load: Callable[[Path], object]
    made_by: str


def saved(values: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(values, buffer)
    return buffer.getvalue()


def one_after_the_other(values: Values) -> bytes:
    buffer = io.BytesIO()
    for value in values.values():
        np.save(buffer, value, allow_pickle=True)
    return buffer.getvalue()


FILES = {
    "train.pt": Kind(vars(RATINGS), Ratings.load, "prepare"),
    "model.pt": Kind(vars(make_model()), Model.load, "train"),
    "ease.pt": Kind(vars(ease.fit(RATINGS, 50.0)), Ease.load, "baselines"),
    "side_information.pt": Kind(
        SIDES, lambda path: tensors.load(path, SIDE_INFORMATION, "prepare"), "prepare"
    ),
    "notebook.pt": Kind(FACTORS, lambda path: tensors.load(path, NOTEBOOK, "notebook"), "notebook"),
    "replicas.pt": Kind(EMBEDDINGS, lambda path: tensors.load(path, REPLICAS, "replicas"), "replicas"),
    "points.npy": Kind(PLACES._asdict(), MovieEmbeddings.load, "points"),
}


def written(name: str, values: Values) -> bytes:
    return one_after_the_other(values) if name.endswith(".npy") else saved(values)


def assert_refused(path: Path, *parts: str) -> None:
    """Loading fails with a message of these parts, the file's name and the command that makes it anew."""
    kind = FILES[path.name]
    with pytest.raises(UserError) as error:
        kind.load(path)
    for part in (str(path), f"; make it anew with: dvc repro -f {kind.made_by}", *parts):
        assert part in str(error.value)


@pytest.mark.parametrize("name", FILES)
def test_a_file_as_it_was_written_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(written(name, FILES[name].values))
    FILES[name].load(tmp_path / name)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "nothing in it": lambda content: b"",
    "its first half alone": lambda content: content[: len(content) // 2],
    "its last byte missing": lambda content: content[:-1],
    "its second half alone": lambda content: content[len(content) // 2 :],
    "text in it": lambda content: b"<html>no tensors</html>",
    "zeros in it": lambda content: bytes(len(content)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_refused_that_has(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(damage(written(name, FILES[name].values)))
    assert_refused(tmp_path / name, "is damaged, or no file of")


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert_refused(tmp_path / name)


@pytest.mark.parametrize("name", FILES)
def test_code_in_a_file_is_not_executed(tmp_path: Path, name: str) -> None:
    code = np.array([Exploit()]) if name.endswith(".npy") else Exploit()
    values = {**FILES[name].values, next(iter(FILES[name].values)): code}
    (tmp_path / name).write_bytes(written(name, values))
    assert_refused(tmp_path / name, "is damaged, or no file of")


@pytest.mark.parametrize("name", FILES)
def test_a_file_without_one_of_its_values_is_refused(tmp_path: Path, name: str) -> None:
    first, *others = FILES[name].values
    (tmp_path / name).write_bytes(written(name, {key: FILES[name].values[key] for key in others}))
    named = "it should hold ", first, f"and holds {', '.join(sorted(others))}"[:100]
    assert_refused(tmp_path / name, *(["is damaged"] if name.endswith(".npy") else named))


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_another_value_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(written(name, {**FILES[name].values, "more": FILES[name].values}))
    assert_refused(tmp_path / name)


@pytest.mark.parametrize("values", [[torch.ones(3)], torch.ones(3), 7, None, {}, {3: 4}], ids=str)
def test_a_file_of_something_else_is_refused(tmp_path: Path, values: object) -> None:
    (tmp_path / "train.pt").write_bytes(saved(values))
    assert_refused(tmp_path / "train.pt")


NAN, INF = torch.nan, torch.inf
CHANGED: dict[str, tuple[str, Values, str]] = {
    "ratings: indices that are text": ("train.pt", {"user": "abc"}, "user is str, which is no Int[Tensor"),
    "ratings: a list": ("train.pt", {"user": [0, 1, 0]}, "user is list, which is no Int[Tensor"),
    "ratings: indices with decimals": (
        "train.pt",
        {"user": torch.zeros(3)},
        "user is torch.float32 of shape (3,), which is no Int[Tensor",
    ),
    "ratings: stars that are whole": (
        "train.pt",
        {"rating": torch.ones(3, dtype=torch.int64)},
        "no Float[Tensor",
    ),
    "ratings: truth for a count": ("train.pt", {"n_users": True}, "n_users is bool, which is no int"),
    "ratings: a tensor for a count": (
        "train.pt",
        {"n_users": torch.tensor(2)},
        "n_users is torch.int64 of shape ()",
    ),
    "ratings: a table": (
        "train.pt",
        {"user": torch.zeros(3, 1, dtype=torch.int64)},
        "of shape (3, 1), which is no",
    ),
    "ratings: a user missing": (
        "train.pt",
        {"user": torch.tensor([0, 1])},
        "user has shape (2,) instead of (3,)",
    ),
    "ratings: not a number": (
        "train.pt",
        {"rating": torch.tensor([1, NAN, 2])},
        "rating has values that are not finite",
    ),
    "ratings: infinite": (
        "train.pt",
        {"rating": torch.tensor([1, 2, INF])},
        "rating has values that are not finite",
    ),
    "ratings: a user beyond": (
        "train.pt",
        {"user": torch.tensor([0, 2, 1])},
        "user goes from 0 to 2, which is not within 0 to 1",
    ),
    "ratings: a negative movie": (
        "train.pt",
        {"movie": torch.tensor([0, -1, 1])},
        "movie goes from -1 to 1, which is not",
    ),
    "ratings: fewer movies": (
        "train.pt",
        {"n_movies": 1},
        "movie goes from 0 to 1, which is not within 0 to 0",
    ),
    "ratings: a negative count": ("train.pt", {"n_movies": -1}, "movie goes from 0 to 1"),
    "ratings: a time beyond": (
        "train.pt",
        {"timestamp": torch.tensor([0, 2**62, 1])},
        f"timestamp goes from 0 to {2**62}",
    ),
    "model: too few axes": (
        "model.pt",
        {"user_biases": torch.zeros(4)},
        "user_biases is torch.float32 of shape (4,), which",
    ),
    "model: users that differ": (
        "model.pt",
        {"user_biases": torch.zeros(3, 1)},
        "user_biases has shape (3, 1) instead of (3, 4)",
    ),
    "model: draws that differ": (
        "model.pt",
        {"movie_factors": torch.zeros(2, 5, 3)},
        "shape (2, 5, 3) instead of (3, 5, 3)",
    ),
    "model: no draw": (
        "model.pt",
        {
            name: value[:0]
            for name, value in vars(make_model()).items()
            if len(value.shape) and len(value) == 3
        },
        "it holds no draw",
    ),
    "model: a prior of other factors": (
        "model.pt",
        {
            "prior_mean": torch.zeros(3, 6),
            "prior_precision": torch.zeros(3, 6, 6),
            "feature_weights": torch.zeros(3, 2, 6),
        },
        "prior_mean has shape (3, 6) instead of (3, 4)",
    ),
    "model: whole numbers": (
        "model.pt",
        {"mean": torch.tensor(3)},
        "mean is torch.int64 of shape (), which is no Float",
    ),
    "model: a number": ("model.pt", {"mean": 3.5}, "mean is float, which is no Float[Tensor"),
    "model: not a number": ("model.pt", {"mean": torch.tensor(NAN)}, "mean has values that are not finite"),
    "model: infinite": (
        "model.pt",
        {"user_factors": torch.full((3, 4, 3), -INF)},
        "user_factors has values that are not",
    ),
    "model: a sitting of nobody": (
        "model.pt",
        {"sitting": torch.tensor([1, 4 * HOURS])},
        f"sitting goes from 1 to {4 * HOURS}",
    ),
    "model: sittings in disorder": ("model.pt", {"sitting": torch.tensor([5, 2])}, "sitting does not ascend"),
    "model: negative noise": ("model.pt", {"noise": torch.full((3, 4), -1.0)}, "noise has negative values"),
    "ease: a movie beyond": (
        "ease.pt",
        {"movies": torch.tensor([0, 3, 1])},
        "movies goes from 0 to 3, which is not within 0 to 2",
    ),
    "ease: a negative movie": ("ease.pt", {"movies": torch.tensor([0, -1, 1])}, "movies goes from -1 to 1"),
    "ease: a short diagonal": (
        "ease.pt",
        {"diagonal": torch.ones(2)},
        "diagonal has shape (2,) instead of (3,)",
    ),
    "ease: a zero to divide by": ("ease.pt", {"diagonal": torch.zeros(3)}, "diagonal has zeros"),
    "ease: factors that do not fit": (
        "ease.pt",
        {"left": torch.ones(3, 7)},
        "left has shape (3, 7) instead of (3, 2)",
    ),
    "ease: no penalty": ("ease.pt", {"penalty": 0.0}, "penalty is 0, which is not above 0"),
    "ease: a penalty that is no number": (
        "ease.pt",
        {"penalty": float("nan")},
        "penalty has values that are not finite",
    ),
    "ease: a penalty that is text": ("ease.pt", {"penalty": "50"}, "penalty is str, which is no float"),
    "ease: not a number": (
        "ease.pt",
        {"right": torch.full((2, 3), NAN)},
        "right has values that are not finite",
    ),
    "side information: of other movies": (
        "side_information.pt",
        {"genres": torch.ones(2, 4)},
        "instead of",
    ),
    "side information: not a number": (
        "side_information.pt",
        {"genres": torch.full((3, 4), NAN)},
        "genres has values that",
    ),
    "notebook: other factors": (
        "notebook.pt",
        {"movie_factors": torch.ones(2, 3, 7)},
        "instead of (2, 3, 8)",
    ),
    "replicas: other movies": (
        "replicas.pt",
        {"without_genres": torch.ones(1, 2, 8)},
        "instead of (1, 3, 8)",
    ),
    "points: whole numbers": (
        "points.npy",
        {"place": np.ones((2, 2), dtype=np.int64)},
        "place is int64 of shape (2, 2), which",
    ),
    "points: text": (
        "points.npy",
        {"place": np.array(["a", "b"])},
        "place is <U1 of shape (2,), which is no Float[ndarray",
    ),
    "points: too few axes": (
        "points.npy",
        {"place": np.ones(2)},
        "place is float64 of shape (2,), which is no",
    ),
    "points: a point missing": (
        "points.npy",
        {"place": np.ones((1, 2))},
        "place has shape (1, 2) instead of (2, 2)",
    ),
    "points: not a number": (
        "points.npy",
        {"place": np.full((2, 2), np.nan)},
        "place has values that are not finite",
    ),
    "points: infinite": (
        "points.npy",
        {"expected": np.full(2, np.inf)},
        "expected has values that are not finite",
    ),
    "points: a map of three axes": (
        "points.npy",
        {"on_map": np.zeros((2, 3))},
        "on_map is float64 of shape (2, 3), which",
    ),
    "points: a negative movie": (
        "points.npy",
        {"movie": np.array([-1, 5])},
        "movie goes from -1 to 5, which is not within",
    ),
    "points: a movie beyond": (
        "points.npy",
        {"movie": np.array([3, 6])},
        "movie goes from 3 to 6, which is not within 0 to 5",
    ),
    "points: movies in disorder": ("points.npy", {"movie": np.array([5, 3])}, "movie does not ascend"),
}


@pytest.mark.parametrize(("name", "changes", "message"), CHANGED.values(), ids=CHANGED)
def test_a_file_is_refused_that_holds(tmp_path: Path, name: str, changes: Values, message: str) -> None:
    (tmp_path / name).write_bytes(written(name, {**FILES[name].values, **changes}))
    assert_refused(tmp_path / name, message)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", ["model.pt", "points.npy"])
def test_a_file_with_wrong_bytes_is_read_or_refused_and_nothing_else(
    tmp_path: Path, name: str, seed: int
) -> None:
    dice, content = random.Random(seed), bytearray(written(name, FILES[name].values))
    for _ in range(5):
        content[dice.randrange(len(content))] = dice.randrange(256)
    (tmp_path / name).write_bytes(content)
    try:
        FILES[name].load(tmp_path / name)
    except UserError:
        assert_refused(tmp_path / name)


def test_a_movie_that_is_not_on_the_map_is_no_fault(tmp_path: Path) -> None:
    places = PLACES._replace(on_map=np.array([[1.0, 2.0], [np.nan, np.nan]]))
    (tmp_path / "points.npy").write_bytes(places.serialize())
    assert np.isnan(MovieEmbeddings.load(tmp_path / "points.npy").on_map[1]).all()
