"""Parameters are read from params.yaml with their types and ranges; errors name the key and its value."""

from dataclasses import asdict
from pathlib import Path
from typing import get_args

import pytest

from stages.core.cli import UserError
from stages.core.parameters import Parameters
from tests.repository import DEFAULTS, ROOT, STAGES, parameters_of

WRITTEN = [("learning_rate", "1e-05", 1e-5), ("latent_factors", 16.0, 16), ("latent_factors", "16", 16)]


@pytest.mark.parametrize(("key", "written", "read"), [*WRITTEN, ("biases", "false", False)])
def test_values_are_read_in_every_form_that_dvc_writes(key: str, written: object, read: object) -> None:
    assert getattr(parameters_of("train").parse(DEFAULTS | {key: written}), key) == read


INVALID: dict[str, list[tuple[str, object]]] = {
    "train": [
        *(("latent_factors", value) for value in (0, 16.5, True)),
        *(("learning_rate", float("nan")), ("solver", "sgd"), ("biases", "perhaps")),
    ],
    "prepare": [("test_fraction", 1)],
    "report": [("top_movies", "ten")],
}


@pytest.mark.parametrize("stage", INVALID)
def test_an_error_names_every_invalid_key_and_its_value(stage: str) -> None:
    for key, value in INVALID[stage]:
        with pytest.raises(UserError) as error:
            parameters_of(stage).parse(DEFAULTS | {key: value})
        assert f"{key} is {value!r}" in str(error.value)
    wrong = {key: value for key, value in DEFAULTS.items() if key != "seed"} | {"split": "newest"}
    with pytest.raises(UserError, match=r"(?s)seed is missing.*split is 'newest'.*'random', 'temporal'"):
        parameters_of("prepare").parse(wrong)


def test_a_value_that_yaml_expands_is_shortened(tmp_path: Path) -> None:
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'lol'] * 9)}]" for n in range(7)]
    (tmp_path / "params.yaml").write_text("\n".join([*lines, "dataset: *a6"]))
    with pytest.raises(UserError, match=r"dataset is \[\[.*valid string") as error:
        parameters_of("fetch").load(tmp_path / "params.yaml")
    assert len(str(error.value)) < 200 + len(str(tmp_path))


@pytest.mark.parametrize("content", [b"- a\n- b\n", b"a: [", b"\xff", b""])
def test_a_file_without_keys_and_values_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"params\.yaml"):
        Parameters.load(tmp_path / "params.yaml")


@pytest.mark.parametrize("key", DEFAULTS)
def test_a_comment_in_params_yaml_gives_the_limits_and_choices_of_every_stage(key: str) -> None:
    lines = (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines()
    row = next(row for row, line in enumerate(lines) if line.startswith(f"{key}:"))
    comment = lines[row].partition("#")[2] + lines[row - 1].partition("# ")[2]
    assert comment.strip()
    fields = [parameters_of(stage).model_fields.get(key) for stage in STAGES]
    for field in filter(None, fields):
        limits = [value for limit in field.metadata for value in asdict(limit).values()]
        choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
        words = [{2**63: "2^63", 10**9: "1e9", 1e6: "1e6"}.get(limit, f"{limit:g}") for limit in limits]
        assert [word for word in words + choices if word not in comment] == []
