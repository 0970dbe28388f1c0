"""Movies that the same people like or watch lie near each other, and fame plays no part."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from sklearn.metrics import adjusted_rand_score
from torch import Tensor

from stages import points
from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.kmeans import group
from stages.core.cli import UserError
from stages.core.tensors import serialize
from stages.factorization.model import single
from stages.movielens.ratings import Ratings
from stages.points import PointsParameters, choose, place, watch
from tests.conftest import make_ratings
from tests.repository import DEFAULTS

INPUTS = ("model.pt", "replicas.pt", "notebook.pt", "train.pt", "movies.csv")
PLANTED = np.repeat([0, 1, 2], [20, 30, 25])


def parameters(**changes: object) -> PointsParameters:
    return PointsParameters.parse({**DEFAULTS, "min_ratings": 2, "association": 0, **changes})


def planted_factors() -> Tensor:
    """Three directions, lengths from 0.5 to 5."""
    rng = np.random.default_rng(0)
    factors = np.eye(3)[PLANTED] + rng.normal(0, 0.05, (len(PLANTED), 3))
    return torch.from_numpy(factors * rng.uniform(0.5, 5, (len(PLANTED), 1))).float()


def planted_watchers() -> Ratings:
    """People who each watch half of the movies of one group, and hardly any other."""
    rng = np.random.default_rng(0)
    kind = np.arange(90) % 3
    watched = rng.random((90, len(PLANTED))) < np.where(kind[:, None] == PLANTED, 0.5, 0.02)
    rows = [(int(user), int(movie), 3.0) for user, movie in np.argwhere(watched)]
    return make_ratings(rows, n_users=90, n_movies=len(PLANTED))


def movies() -> pd.DataFrame:
    """As many as were planted; movie i has i + 1 ratings."""
    count = len(PLANTED)
    return pd.DataFrame(
        {
            "movie": range(count),
            "movie_id": range(1, count + 1),
            "title": [f"Movie, The {i}" for i in range(count)],
            "year": pd.array([1990 + i % 30 for i in range(count - 1)] + [None], dtype="Int64"),
            "genres": [("", "Action|Drama", "War")[i % 3] for i in range(count)],
            "n_ratings": range(1, count + 1),
            "mean_rating": 3.5,
        }
    )


def write_inputs(directory: Path, n_replicas: int = 2, n_notebooks: int = 2, **changes: object) -> None:
    factors, train = planted_factors(), planted_watchers()
    zeros = torch.zeros(90), torch.zeros(len(factors)), torch.zeros(90, 3)
    (directory / "model.pt").write_bytes(single(torch.tensor(3.5), *zeros, factors).serialize())
    others = [factors + 0.01 * number for number in range(1, n_replicas + 1)]
    replicas = {
        "embeddings": torch.stack(others) if others else torch.zeros(0, 75, 3),
        "without_genres": factors[None] if others else torch.zeros(0, 75, 3),
    }
    (directory / "replicas.pt").write_bytes(serialize(replicas))
    movie_factors = torch.stack([factors, -factors])[:n_notebooks]
    recipe = {"user_factors": torch.zeros(n_notebooks, 90, 3), "movie_factors": movie_factors}
    (directory / "notebook.pt").write_bytes(serialize(recipe))
    (directory / "train.pt").write_bytes(train.serialize())
    movies().to_csv(directory / "movies.csv", index=False)
    chosen = {**DEFAULTS, "n_clusters": 3, "min_ratings": 5, **changes}
    (directory / "params.yaml").write_text(yaml.safe_dump(chosen))


def make_points(directory: Path) -> MovieEmbeddings:
    points.main(*(directory / name for name in (*INPUTS, "points.npy", "params.yaml")))
    return MovieEmbeddings.load(directory / "points.npy")


def test_the_stage_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    assert make_points(tmp_path).serialize() == make_points(tmp_path).serialize()


def test_every_movie_with_enough_ratings_has_its_points_by_every_model(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    found = make_points(tmp_path)
    assert found.movie.tolist() == list(range(4, 75))
    assert found.others.shape == (2, *found.place.shape)
    assert found.without_genres.shape == (1, *found.place.shape)
    assert found.notebook.shape == (2, 75, 3)
    assert np.isfinite(found.on_map).all()
    assert (found.expected == 3.5).all()  # the model has no biases, and users without factors
    assert (found.deviation == 0).all()


def test_without_replicas_there_are_points_by_the_model_alone(tmp_path: Path) -> None:
    write_inputs(tmp_path, n_replicas=0, n_notebooks=0)
    found = make_points(tmp_path)
    assert [len(part) for part in (found.others, found.without_genres, found.notebook)] == [0, 0, 0]
    assert len(found.place) == 71


def test_who_watches_a_movie_places_it_where_the_factors_say_nothing() -> None:
    watched = watch(planted_watchers(), np.arange(len(PLANTED)), parameters(association=2))
    places = place(np.zeros((len(PLANTED), 1)), watched, parameters())
    assert adjusted_rand_score(PLANTED, group(places, 3, seed=42, starts=5)[0]) == 1


def test_the_weight_of_association_is_that_of_its_part_of_the_distance() -> None:
    watched = watch(planted_watchers(), np.arange(len(PLANTED)), parameters(association=2))
    places = place(planted_factors().double().numpy(), watched, parameters())
    assert np.linalg.norm(places[:, :3], axis=1) == pytest.approx(np.ones(len(places)))
    assert np.linalg.norm(places[:, 3:], axis=1) == pytest.approx(np.full(len(places), 2.0))
    assert watch(planted_watchers(), np.arange(75), parameters(association=0)).shape == (75, 0)


def test_factors_are_normalized_only_if_asked_for() -> None:
    liked, nothing = planted_factors().double().numpy(), np.zeros((len(PLANTED), 0))
    assert np.linalg.norm(place(liked, nothing, parameters()), axis=1) == pytest.approx(np.ones(len(liked)))
    assert (place(liked, nothing, parameters(normalize=False)) == liked).all()


def test_movies_with_few_ratings_are_left_out() -> None:
    assert choose(np.array([3, 9, 4, 5]), parameters(min_ratings=4)).tolist() == [1, 2, 3]


def test_that_no_movie_has_enough_ratings_is_said() -> None:
    with pytest.raises(UserError, match="min_ratings is 70, but no movie has more than 9 ratings; lower it"):
        choose(np.array([3, 9]), parameters(min_ratings=70))
