"""replicas: fits with other seeds, and one without genres if the model uses them."""

from pathlib import Path

import pytest
import torch

from stages import replicas
from stages.factorization.model import Replicas
from tests.conftest import Parts, run_stage, write_training_inputs
from tests.repository import DEFAULTS


@pytest.mark.parametrize(
    ("changes", "n_replicas", "n_without_genres"),
    [
        ({}, 2, 1),
        ({"solver": "als"}, 2, 0),
        ({"movie_features": ["raters"], "user_effects": []}, 2, 0),
        ({"replicas": 0}, 0, 0),
        ({"study": False}, 0, 0),
    ],
    ids=str,
)
def test_replicas_differ_and_the_file_is_the_same_each_time(
    tmp_path: Path, small_parts: Parts, changes: dict[str, object], n_replicas: int, n_without_genres: int
) -> None:
    write_training_inputs(tmp_path, small_parts, **{"epochs": 3, "replicas": 2, **changes})
    written = []
    for _ in range(2):
        run_stage(replicas.main, tmp_path, "train.pt validation.pt side.pt replicas.pt params.yaml")
        written.append((tmp_path / "replicas.pt").read_bytes())
    found = Replicas.load(tmp_path / "replicas.pt")
    assert written[0] == written[1]
    assert found.embeddings.shape == (n_replicas, 150, DEFAULTS["latent_factors"])
    assert found.without_genres.shape == (n_without_genres, 150, DEFAULTS["latent_factors"])
    assert n_replicas == 0 or not torch.allclose(found.embeddings[0], found.embeddings[1])
