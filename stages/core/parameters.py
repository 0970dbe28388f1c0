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

PARAMS = Path("params.yaml")
Share = Annotated[float, Field(ge=0, lt=1)]
Penalty = Annotated[float, Field(ge=0, le=1e6)]
PositivePenalty = Annotated[float, Field(ge=1e-3, le=1e6)]  # smaller ones are lost in single precision
Count = Annotated[int, Field(ge=1, le=10**9)]

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
        return cls.parse(read_yaml(path.read_bytes(), str(path)), source=str(path))

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

    seed: Annotated[int, Field(ge=0, lt=2**63)]


def read_yaml(content: bytes | str, source: str) -> dict[str, Any]:
    """The keys and values of a file; raises UserError if it has others."""
    try:
        found = yaml.safe_load(content)
    except Exception as error:  # of many types: dates, numbers and tags are converted, too
        raise UserError(f"{source} is not valid YAML: {' '.join(str(error).split()):.300}") from error
    if not isinstance(found, dict):
        raise UserError(f"{source} must contain one key and its value per line")
    return found


def _explain(problem: ErrorDetails) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if not key:
        return problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{key} is missing"
    try:
        value = f"{reprlib.repr(problem['input']):.100}"  # YAML can expand a few lines into gigabytes
    except ValueError:
        value = "a number of thousands of digits"
    message = problem["msg"].replace("tuple", "list")
    return f"{key} is {value}; {message[0].lower()}{message[1:]}"
