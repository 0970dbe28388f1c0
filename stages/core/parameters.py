"""Typed, validated parameters, read from `params.yaml`, which holds every default.

Each stage declares the keys that it reads as a subclass of `Parameters`; `params.yaml` says what they mean.
"""

import reprlib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from stages.core.cli import UserError

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Share = Annotated[float, Field(ge=0, lt=1)]
Penalty = Annotated[float, Field(ge=0, le=1e6)]
PositivePenalty = Annotated[float, Field(ge=1e-3, le=1e6)]  # smaller ones are lost in single precision
Count = Annotated[int, Field(ge=1)]

P = TypeVar("P", bound="Parameters")


class Parameters(BaseModel):
    """The keys of `params.yaml` that one stage reads, with their types and ranges.

    DVC writes `1e-5` as `1e-05`, which YAML reads as a string, and `16.0` as a float: numbers are accepted
    in any such form that loses nothing (16.5 factors is an error).
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    @classmethod
    def load(cls: type[P], path: Path) -> P:
        """Read this stage's keys; raises UserError that names the key, its value and what is allowed."""
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(f"{path} is not valid YAML: {error}") from error
        if not isinstance(content, dict):
            raise UserError(f"{path} must contain one key and its value per line")
        return cls.parse(content, source=str(path))

    @classmethod
    def parse(cls: type[P], values: dict[str, Any], source: str = "params") -> P:
        """The parameters among `values`; keys of other stages are ignored."""
        own = {key: value for key, value in values.items() if key in cls.model_fields}
        try:
            return cls.model_validate(own)
        except ValidationError as error:
            problems = [f"{source}: {_explain(problem)}" for problem in error.errors()]
            raise UserError("\n".join(problems)) from error

    @model_validator(mode="before")
    @classmethod
    def _reject_booleans_as_numbers(cls, values: dict[str, Any]) -> dict[str, Any]:
        for key, value in values.items():
            if isinstance(value, bool) and cls.model_fields[key].annotation is not bool:
                raise ValueError(f"{key} is {value!r}; it should not be a boolean")
        return values


class Seeded(Parameters):
    """`seed`, from which a stage derives its random numbers."""

    seed: Seed


def _explain(problem: ErrorDetails) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if not key:
        return problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{key} is missing"
    value = f"{reprlib.repr(problem['input']):.100}"  # YAML can expand a few lines into gigabytes
    return f"{key} is {value}; {problem['msg'][0].lower()}{problem['msg'][1:]}"
