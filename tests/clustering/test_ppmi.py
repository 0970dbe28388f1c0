"""Movies that share more raters than expected are close, whatever their popularity."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import normalize

from stages.clustering import ppmi
from stages.clustering.ppmi import RANK, expected_in_common, ppmi_embedding
from stages.movielens.ratings import Ratings
from tests.conftest import make_ratings


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def rated(probability: np.ndarray) -> Ratings:
    drawn = np.random.default_rng(1).random(probability.shape) < probability
    return make_ratings([(int(user), int(movie), 3.0) for user, movie in np.argwhere(drawn)], *drawn.shape)


@pytest.mark.parametrize("limits", [{}, {"MAX_LANDMARKS": 10, "BLOCK": 7}])
def test_two_audiences_are_two_directions(limits: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(ppmi, name, value)
    popularity = np.tile(np.repeat([0.2, 0.7], 10), 2)
    audience = np.repeat([0, 1], 20)
    ratings = rated(np.where(np.arange(200)[:, None] % 2 == audience, popularity, popularity / 8))
    unit = normalize(ppmi_embedding(ratings, np.arange(40), generator()))
    cosine, same = unit @ unit.T, audience[:, None] == audience
    differently_popular = popularity[:, None] != popularity
    assert cosine[same].mean() > cosine[~same].mean() + 0.4
    assert cosine[same & differently_popular].mean() > cosine[~same].mean() + 0.4


def test_the_null_model_has_the_number_of_ratings_of_each_user_and_movie() -> None:
    rng = np.random.default_rng(2)
    has = rng.random((50, 30)) < np.outer(rng.uniform(0.1, 1, 50), rng.uniform(0.1, 1, 30))
    of_user, of_movie = has.sum(axis=1), has.sum(axis=0)
    expected, degree = expected_in_common(of_user, of_movie)
    # by definition: x_u y_i / (1 + x_u y_i) for each user and movie separately, by plain iteration
    x, y = of_user / has.sum() ** 0.5, of_movie / has.sum() ** 0.5
    for _ in range(2_000):
        x = of_user / (y / (1 + np.outer(x, y))).sum(axis=1)
        y = of_movie / (x[:, None] / (1 + np.outer(x, y))).sum(axis=0)
    probability = np.outer(x, y) / (1 + np.outer(x, y))
    assert probability.sum(axis=0) == pytest.approx(of_movie, rel=1e-3)
    assert expected[np.ix_(degree, degree)] == pytest.approx(probability.T @ probability, rel=1e-3)


@pytest.mark.parametrize("rows", [[], [(0, 0, 3.0)], [(0, 0, 3.0), (0, 1, 3.0)]])
def test_a_movie_that_shares_no_rater_has_zeros(rows: list[tuple[int, int, float]]) -> None:
    found = ppmi_embedding(make_ratings(rows, n_users=2, n_movies=3), np.arange(3), generator())
    assert found.shape == (3, RANK)
    assert np.isfinite(found).all()
    assert (found[2] == 0).all()
