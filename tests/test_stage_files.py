"""A file between stages that is not as declared is an error that names the command to recreate it."""

import io
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch

from stages.clustering.embeddings import MovieEmbeddings
from stages.core.cli import UserError
from stages.factorization.model import Model, NotebookFactors, Replicas
from stages.movielens.ratings import Ratings, SideInformation
from stages.ranking.score import Ranker

FILES = [Ratings, SideInformation, NotebookFactors, Replicas, Model, Ranker, MovieEmbeddings]
LENGTHS = {"2": 2, "entries": 4, "factors+columns": 6, "factors+columns+1": 7}
"""Of axes; every other axis has length 3."""


def example(annotation: Any) -> Any:
    """A valid value of a field: 9, the integers 0, 1, 2, …, or ones."""
    if annotation in (int, float):
        return annotation(9)
    shape = [LENGTHS.get(axis, 3) for axis in annotation.dim_str.split()]
    value = torch.ones(shape)
    if "int64" in annotation.dtypes:
        value = torch.arange(value.numel()).reshape(shape)
    return value if annotation.array_type is torch.Tensor else value.numpy()


def serialize(file: type, values: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    if file is not MovieEmbeddings:
        torch.save(values, buffer)
    else:
        for value in values.values():
            np.save(buffer, value)
    return buffer.getvalue()


def invalid_contents(file: type, values: dict[str, Any]) -> dict[str, bytes]:
    complete = serialize(file, values)
    found = {"a truncated file": complete[:-1], "its second half": complete[len(complete) // 2 :]}
    found |= {"an empty file": b"", "zeros": bytes(len(complete)), "text": b"<html>"}
    for name, value in values.items():
        others = {other: values[other] for other in values if other != name}
        found[f"{name} missing"] = serialize(file, others)
        if not np.isscalar(value):
            found[f"{name} of another shape"] = serialize(file, {**values, name: value[None]})
            if value.dtype in (torch.float32, np.float32) and name != "position":
                found[f"{name} not finite"] = serialize(file, {**values, name: value * float("nan")})
    return found


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_an_error_unless_it_is_as_declared(tmp_path: Path, file: Any) -> None:
    values = {field.name: example(get_type_hints(file)[field.name]) for field in fields(file)}
    path = tmp_path / "file"
    path.write_bytes(serialize(file, values))
    file.load(path)
    for problem, content in invalid_contents(file, values).items():
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"file .*dvc repro -f \w+"):
            pytest.fail(f"{problem} is accepted: {file.load(path)}")
