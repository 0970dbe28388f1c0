"""Typed, validated parameters: `params.yaml` is read here, and only here.

Each stage declares the keys that it reads as a subclass of `Parameters`, beside the code that reads them.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from stages.command import UserError

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Share = Annotated[float, Field(ge=0, lt=1)]

P = TypeVar("P", bound="Parameters")


class Parameters(BaseModel):
    """The keys of `params.yaml` that one stage reads, with their types and ranges.

    DVC writes `1e-5` as `1e-05`, which YAML takes for a string, and `16.0` as a float: numbers are
    accepted in any such spelling, as long as nothing is lost (16.5 is no number of factors).
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    @classmethod
    def load(cls: type[P], path: Path) -> P:
        """Read this stage's keys; raises UserError that names the key, its value and what would be right."""
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(f"{path} is not valid YAML: {error}") from error
        if not isinstance(content, dict):
            raise UserError(f"{path} must hold a key and a value on each line")
        return cls.check(content, source=str(path))

    @classmethod
    def check(cls: type[P], values: dict[str, Any], source: str = "params") -> P:
        """The parameters among `values`; keys of other stages are passed over."""
        own = {key: value for key, value in values.items() if key in cls.model_fields}
        try:
            return cls.model_validate(own)
        except ValidationError as error:
            problems = [_explain(problem) for problem in error.errors()]
            raise UserError("\n".join(f"{source}: {problem}" for problem in problems)) from error

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_not_booleans(cls, values: dict[str, Any]) -> dict[str, Any]:
        for key, value in values.items():
            if isinstance(value, bool) and cls.model_fields[key].annotation is not bool:
                raise ValueError(f"{key} is {value!r}; it should not be a truth value")
        return values


def _explain(problem: ErrorDetails) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if not key:
        return problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{key} is missing"
    return f"{key} is {problem['input']!r}; {problem['msg'][0].lower()}{problem['msg'][1:]}"
