"""replicas: trainings with other seeds, and without genres where the model knows them."""

from pathlib import Path
from typing import Any

import pytest
import torch

from stages import replicas
from stages.core.tensors import load
from stages.movielens.ratings import Ratings
from stages.points import REPLICAS
from tests.conftest import write_training_inputs


def run(directory: Path, parts: dict[str, Ratings], **changes: object) -> dict[str, Any]:
    write_training_inputs(directory, parts, **{"epochs": 3, "replicas": 2, **changes})
    names = "train.pt validation.pt side.pt replicas.pt params.yaml"
    replicas.main(*(directory / name for name in names.split()))
    return load(directory / "replicas.pt", REPLICAS, made_by="replicas")


def test_every_replica_is_another_and_the_file_the_same_each_time(
    tmp_path: Path, small_parts: dict[str, Ratings]
) -> None:
    found = run(tmp_path, small_parts)
    first = (tmp_path / "replicas.pt").read_bytes()
    assert found["embeddings"].shape == (2, 150, 8)
    assert found["without_genres"].shape == (1, 150, 8)
    assert not torch.allclose(found["embeddings"][0], found["embeddings"][1])
    run(tmp_path, small_parts)
    assert (tmp_path / "replicas.pt").read_bytes() == first


@pytest.mark.parametrize("changes", [{"solver": "als"}, {"movie_features": ["raters"]}])
def test_a_model_that_knows_no_genres_is_not_trained_without_them(
    tmp_path: Path, small_parts: dict[str, Ratings], changes: dict[str, object]
) -> None:
    found = run(tmp_path, small_parts, **changes)
    assert found["embeddings"].shape == (2, 150, 8)
    assert found["without_genres"].shape == (0, 150, 8)


def test_none_may_be_wanted(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    found = run(tmp_path, small_parts, replicas=0)
    assert {name: len(value) for name, value in found.items()} == {"embeddings": 0, "without_genres": 0}
