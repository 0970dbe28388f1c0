"""Planted groups are found, fame plays no part, and what cannot be grouped is refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import adjusted_rand_score
from torch import Tensor

from stages.command import UserError
from stages.groups import GroupsParameters, choose, group
from stages.movielens.ratings import Ratings
from tests.conftest import make_ratings
from tests.stages_of_the_pipeline import DEFAULTS

PLANTED = np.repeat([0, 1, 2], [20, 30, 25])
NOBODY = make_ratings([], n_users=1, n_movies=len(PLANTED))


def parameters(**changes: object) -> GroupsParameters:
    return GroupsParameters.check({**DEFAULTS, "min_ratings": 2, "association": 0, **changes})


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


def test_planted_groups_are_found_whatever_the_length_of_the_factors() -> None:
    points = choose(movies(), NOBODY, parameters(min_ratings=1), at_least=3).place(planted_factors())
    labels, inertia = group(points, 3, seed=42, starts=5)
    assert adjusted_rand_score(PLANTED, labels) == 1
    centres = np.stack([points[labels == label].mean(axis=0) for label in range(3)])
    assert inertia == pytest.approx(((points - centres[labels]) ** 2).sum())


def test_groups_are_found_by_who_watches_where_the_factors_say_nothing() -> None:
    chosen = parameters(min_ratings=1, association=2)
    points = choose(movies(), planted_watchers(), chosen, at_least=3).place(torch.zeros(len(PLANTED), 1))
    assert adjusted_rand_score(PLANTED, group(points, 3, seed=42, starts=5)[0]) == 1


def test_the_weight_of_association_is_that_of_its_part_of_the_distance() -> None:
    place = choose(movies(), planted_watchers(), parameters(association=2), at_least=3).place
    points = place(planted_factors())
    assert np.linalg.norm(points[:, :3], axis=1) == pytest.approx(np.ones(len(points)))
    assert np.linalg.norm(points[:, 3:], axis=1) == pytest.approx(np.full(len(points), 2.0))


def test_clusters_are_numbered_from_the_largest() -> None:
    labels, _ = group(planted_factors().double().numpy(), 3, seed=42, starts=5)
    assert (np.diff(np.bincount(labels)) <= 0).all()


def test_movies_with_few_ratings_are_left_out() -> None:
    points = choose(movies(), NOBODY, parameters(min_ratings=70), at_least=3)
    assert points.movies["n_ratings"].tolist() == list(range(70, 76))
    assert points.place(planted_factors()).shape == (6, 3)


def test_factors_are_normalized_only_if_asked_for() -> None:
    unit = choose(movies(), NOBODY, parameters(), at_least=3).place(planted_factors())
    raw = choose(movies(), NOBODY, parameters(normalize=False), at_least=3).place(planted_factors())
    assert np.linalg.norm(unit, axis=1) == pytest.approx(np.ones(len(unit)))
    assert raw == pytest.approx(planted_factors()[1:].double().numpy())


def test_more_clusters_than_movies_are_refused() -> None:
    with pytest.raises(UserError, match="n_clusters is 10, but only 6 of 75 movies have min_ratings 70"):
        choose(movies(), NOBODY, parameters(min_ratings=70), at_least=10)
