"""notebook: two fits of the recipe, which do not depend on the parameters of the model."""

from pathlib import Path

import pytest
import torch

from stages import notebook
from stages.core.seeds import derive_seed
from stages.factorization.fit import NotebookFactors
from stages.movielens.ratings import Ratings
from tests.conftest import write_training_inputs


@pytest.fixture(autouse=True)
def _two_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "RECIPE", notebook.RECIPE.model_copy(update={"epochs": 2}))


def run(directory: Path, parts: dict[str, Ratings], **changes: object) -> NotebookFactors:
    write_training_inputs(directory, parts, **changes)
    train, validation, factors, params = "train.pt", "validation.pt", "factors.pt", "params.yaml"
    notebook.main(directory / train, directory / validation, directory / factors, directory / params)
    return NotebookFactors.load(directory / factors)


def test_fits_depend_on_the_seed_alone(tmp_path: Path, small_parts: dict[str, Ratings]) -> None:
    factors = run(tmp_path, small_parts, seed=3)
    for number, purpose in enumerate(notebook.PURPOSES):
        model = notebook.fit(small_parts["train"], small_parts["validation"], derive_seed(3, purpose))
        assert torch.equal(factors.user_factors[number], model.user_factors[0])
        assert torch.equal(factors.movie_factors[number], model.movie_factors[0])
    written = (tmp_path / "factors.pt").read_bytes()
    run(tmp_path, small_parts, seed=3, latent_factors=3, learning_rate=0.1)
    assert (tmp_path / "factors.pt").read_bytes() == written


@pytest.mark.parametrize(("wanted", "spare"), [(True, -1), (False, 0)])
def test_the_recipe_is_left_out_if_not_wanted_or_for_too_many_ratings(
    tmp_path: Path, small_parts: dict[str, Ratings], monkeypatch: pytest.MonkeyPatch, wanted: bool, spare: int
) -> None:
    monkeypatch.setattr(notebook, "LARGEST", len(small_parts["train"]) + spare)
    factors = run(tmp_path, small_parts, notebook=wanted)
    assert factors.user_factors.shape == (0, 60, 8)
    assert factors.movie_factors.shape == (0, 150, 8)
