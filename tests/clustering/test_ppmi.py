"""Association: movies that share viewers beyond chance lie near, whatever their fame."""

import numpy as np
import pytest
import torch

from stages.clustering import ppmi as association
from stages.clustering.ppmi import RANK, expected_in_common, ppmi_embedding
from stages.movielens.ratings import Ratings
from tests.conftest import make_ratings


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def watched(chance: np.ndarray) -> Ratings:
    rng = np.random.default_rng(1)
    rows = [(int(user), int(movie), 3.0) for user, movie in np.argwhere(rng.random(chance.shape) < chance)]
    return make_ratings(rows, *chance.shape)


def cosine(points: np.ndarray) -> np.ndarray:
    unit = points / np.linalg.norm(points, axis=1, keepdims=True).clip(min=1e-12)
    return np.asarray(unit @ unit.T)


def test_two_audiences_make_two_kinds_and_fame_does_not_matter() -> None:
    fame = np.tile(np.repeat([0.2, 0.7], 10), 2)
    kind = np.repeat([0, 1], 20)
    ratings = watched(np.where(np.arange(200)[:, None] % 2 == kind, fame, fame / 8))
    similar = cosine(ppmi_embedding(ratings, np.arange(40), generator()))
    same = kind[:, None] == kind
    assert similar[same].mean() > similar[~same].mean() + 0.4
    famous = fame > 0.5
    within = same & (famous[:, None] != famous)
    assert similar[within].mean() > similar[~same].mean() + 0.4


def test_the_null_model_gives_every_user_and_movie_their_number_of_ratings() -> None:
    rng = np.random.default_rng(2)
    rated = rng.random((50, 30)) < np.outer(rng.uniform(0.1, 1, 50), rng.uniform(0.1, 1, 30))
    of_user, of_movie = rated.sum(axis=1), rated.sum(axis=0)
    expected, degree = expected_in_common(of_user, of_movie)
    # by the definition: solve x_u y_i / (1 + x_u y_i) for each user and movie alone, by plain iteration
    x, y = of_user / rated.sum() ** 0.5, of_movie / rated.sum() ** 0.5
    for _ in range(2_000):
        x = of_user / (y / (1 + np.outer(x, y))).sum(axis=1)
        y = of_movie / (x[:, None] / (1 + np.outer(x, y))).sum(axis=0)
    chance = np.outer(x, y) / (1 + np.outer(x, y))
    assert chance.sum(axis=0) == pytest.approx(of_movie, rel=1e-3)
    assert expected[np.ix_(degree, degree)] == pytest.approx(chance.T @ chance, rel=1e-3)


def test_people_without_a_taste_share_as_many_movies_as_is_expected() -> None:
    active, known = np.linspace(-3, 1, 200), np.linspace(-1, 2, 30)
    ratings = watched(1 / (1 + np.exp(-active[:, None] - known)))
    rated = np.zeros((200, 30))
    rated[ratings.user, ratings.movie] = 1
    expected, degree = expected_in_common(rated.sum(axis=1).astype(int), rated.sum(axis=0).astype(int))
    both = rated.T @ rated
    ratio = (both / expected[np.ix_(degree, degree)])[~np.eye(30, dtype=bool)]
    assert ratio.mean() == pytest.approx(1, abs=0.06)


def test_landmarks_and_blocks_bound_memory_and_keep_the_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = np.repeat([0, 1], 20)
    ratings = watched(np.where(np.arange(200)[:, None] % 2 == kind, 0.4, 0.05))
    monkeypatch.setattr(association, "LANDMARKS", 10)
    monkeypatch.setattr(association, "BLOCK", 7)
    similar = cosine(ppmi_embedding(ratings, np.arange(40), generator()))
    same = kind[:, None] == kind
    assert similar[same].mean() > similar[~same].mean() + 0.4


@pytest.mark.parametrize("rows", [[], [(0, 0, 3.0)], [(0, 0, 3.0), (0, 1, 3.0)]])
def test_where_there_is_nothing_to_tell_the_points_are_zero(rows: list[tuple[int, int, float]]) -> None:
    points = ppmi_embedding(make_ratings(rows, n_users=2, n_movies=3), np.arange(3), generator())
    assert points.shape == (3, RANK)
    assert np.isfinite(points).all()
    assert np.abs(points[2]).max() == 0


def test_only_the_movies_asked_for_have_a_row() -> None:
    ratings = watched(np.full((40, 12), 0.5))
    assert ppmi_embedding(ratings, np.array([3, 5, 11]), generator()).shape == (3, RANK)
