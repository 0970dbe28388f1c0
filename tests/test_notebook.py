"""notebook: two fits of the recipe, which do not depend on the parameters of the model."""

from pathlib import Path

import pytest
import torch

from stages import notebook
from stages.core.seeds import derive_seed
from stages.factorization.model import NotebookFactors
from tests.conftest import Parts, Patch, run_stage, write_training_inputs


@pytest.fixture(autouse=True)
def _two_epochs(monkeypatch: Patch) -> None:
    monkeypatch.setattr(notebook, "RECIPE", notebook.RECIPE.model_copy(update={"epochs": 2}))


def run(directory: Path, parts: Parts, **changes: object) -> NotebookFactors:
    write_training_inputs(directory, parts, **changes)
    run_stage(notebook.main, directory, "train.pt validation.pt factors.pt params.yaml")
    return NotebookFactors.load(directory / "factors.pt")


def test_fits_depend_on_the_seed_alone(tmp_path: Path, small_parts: Parts) -> None:
    factors = run(tmp_path, small_parts, seed=3)
    for number, purpose in enumerate(notebook.PURPOSES):
        model = notebook.fit(small_parts["train"], small_parts["validation"], derive_seed(3, purpose))
        assert torch.equal(factors.user_factors[number], model.user_factors[0])
        assert torch.equal(factors.movie_factors[number], model.movie_factors[0])
    written = (tmp_path / "factors.pt").read_bytes()
    run(tmp_path, small_parts, seed=3, latent_factors=3, learning_rate=0.1)
    assert (tmp_path / "factors.pt").read_bytes() == written


def test_the_recipe_is_left_out(tmp_path: Path, small_parts: Parts, monkeypatch: Patch) -> None:
    """If it is not wanted, and for too many ratings."""
    for wanted, spare in ((False, 0), (True, -1)):
        monkeypatch.setattr(notebook, "LARGEST", len(small_parts["train"]) + spare)
        factors = run(tmp_path, small_parts, notebook=wanted)
        assert (len(factors.user_factors), len(factors.movie_factors)) == (0, 0)
