"""Files of tensors are read back as they were written; anything else is an error."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from stages.core.cli import UserError
from stages.movielens.ratings import Ratings
from tests.conftest import Patch, make_ratings

EXAMPLE = make_ratings([(0, 0, 0.5), (0, 1, 5.0), (1, 2, 3.0)], n_users=2, n_movies=3)
VALUES = vars(EXAMPLE)


class Exploit:
    """Code that unpickling would run."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (Path("exploited"),)


def test_a_file_is_read_back_as_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(EXAMPLE.serialize())
    assert Ratings.load(tmp_path / "a.pt").serialize() == EXAMPLE.serialize()


def test_a_view_is_stored_without_the_rest_of_its_tensor() -> None:
    assert len(replace(EXAMPLE, rating=torch.zeros(10_000)[:3]).serialize()) < 5_000


INVALID: dict[str, tuple[object, str]] = {
    "whole numbers": ({**VALUES, "rating": torch.zeros(3, dtype=torch.int64)}, "rating is torch.int64[3]"),
    "another length": ({**VALUES, "movie": torch.arange(2)}, "torch.int64[2]"),
    "an index out of range": ({**VALUES, "n_movies": 2}, "0 to 1"),
    "only a tensor": (torch.ones(3), "Tensor"),
    "code": ({**VALUES, "rating": Exploit()}, "other than tensors and numbers)"),
}


@pytest.mark.parametrize(("content", "part"), INVALID.values(), ids=INVALID)
def test_a_file_is_an_error_with(tmp_path: Path, monkeypatch: Patch, content: object, part: str) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"^.*a\.pt .*dvc repro -f prepare[^\n]*$") as error:
        Ratings.load(tmp_path / "a.pt")
    assert part in str(error.value)
    assert len(str(error.value)) < len(str(tmp_path)) + 200
    assert not (tmp_path / "exploited").exists()
