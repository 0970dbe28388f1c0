"""Boosted trees find what a model leaves, and see nothing of the ratings to predict."""

import dataclasses

import numpy as np
import pytest
import torch

from stages.movielens.ratings import Ratings
from stages.ranking.baselines import biases
from stages.ranking.boosting import boost, columns, correlation
from tests.conftest import make_side_information, rmse

N_USERS, N_MOVIES = 60, 50


@pytest.fixture(scope="module")
def moody() -> Ratings:
    """Ratings of random movies a minute apart, by users whose mean changes slowly by half a star."""
    rng = np.random.default_rng(4)
    movie = torch.from_numpy(np.concatenate([rng.permutation(N_MOVIES) for _ in range(N_USERS)]))
    minute = torch.arange(N_MOVIES).repeat(N_USERS)
    stars = 3 + (minute / 6).sin() + 0.4 * torch.from_numpy(rng.standard_normal(len(movie))).float()
    user = torch.arange(N_USERS).repeat_interleave(N_MOVIES)
    return Ratings(user, movie, stars.clamp(0.5, 5), 60 * minute, N_USERS, N_MOVIES)


def test_trees_find_a_mood_that_biases_leave(moody: Ratings) -> None:
    is_held_out = torch.arange(len(moody)) % 5 == 0
    train, held_out = moody[~is_held_out], moody[is_held_out]
    model, known = biases(train, 3.0), make_side_information(N_MOVIES)
    boosted = boost(train, known, lambda part: biases(part, 3.0), model, seed=1)
    assert rmse(boosted(held_out), held_out.rating) < 0.75 * rmse(model.predict(held_out), held_out.rating)


def test_columns_do_not_depend_on_the_ratings_to_predict(moody: Ratings) -> None:
    train, rest = moody[:2000], moody[2000:]
    other = dataclasses.replace(rest, rating=5.5 - rest.rating)
    model, known = biases(train, 3.0), make_side_information(N_MOVIES)
    found, again = (columns(model, train, rows, known) for rows in (rest, other))
    np.testing.assert_array_equal(found, again)
    assert np.isfinite(found).all(axis=0).sum() > 50


def test_a_correlation_is_of_what_two_rows_have_in_common() -> None:
    residual = torch.tensor([[1.0, -2.0, 0.0, 0.5], [0.5, -1.0, 3.0, 0.0], [-1.0, 2.0, 0.0, 0.0]])
    rated = (residual != 0).float()
    found = correlation(residual, rated, rated @ rated.T)
    perfect = 2 / 62  # two in common, of 60 that halve it
    torch.testing.assert_close(found, torch.tensor([[0, perfect, 0], [perfect, 0, 0], [0, 0, 0.0]]))
