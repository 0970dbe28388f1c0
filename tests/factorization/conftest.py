"""Small fits run on one thread, as in the stages."""

from collections.abc import Iterator

import pytest

from stages.core.compute import threads_for
from stages.movielens.ratings import Ratings


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threads_for(0):
        yield


@pytest.fixture
def train(small_parts: dict[str, Ratings]) -> Ratings:
    return small_parts["train"]
