"""Ratings that several solvers are tested on."""

import pytest

from stages.movielens.ratings import Ratings


@pytest.fixture
def train(small_parts: dict[str, Ratings]) -> Ratings:
    return small_parts["train"]
