"""params.yaml is checked at the door."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from stages.core.cli import UserError
from stages.core.parameters import Parameters
from tests.parameters_of_the_stages import PARAMETERS
from tests.repository import DEFAULTS, ROOT, STAGES


def test_every_key_of_params_yaml_is_read_by_a_stage() -> None:
    assert set(DEFAULTS) == {key for parameters in PARAMETERS.values() for key in parameters.model_fields}


@pytest.mark.parametrize("stage", STAGES)
def test_defaults_are_valid(stage: str) -> None:
    PARAMETERS[stage].check(DEFAULTS)


@pytest.mark.parametrize(
    ("key", "written", "read"),
    [
        ("learning_rate", "1e-05", 1e-5),
        ("learning_rate", 1, 1.0),
        ("latent_factors", 16.0, 16),
        ("latent_factors", "16", 16),
        ("biases", True, True),
        ("biases", "false", False),
        ("regularization", "0", 0.0),
    ],
)
def test_numbers_are_read_in_every_spelling_of_dvc(key: str, written: object, read: object) -> None:
    assert getattr(PARAMETERS["train"].check(DEFAULTS | {key: written}), key) == read


@pytest.mark.parametrize(
    ("stage", "key", "value", "right"),
    [
        ("train", "latent_factors", 0, "greater than or equal to 1"),
        ("train", "latent_factors", 16.5, "valid integer"),
        ("train", "latent_factors", True, "truth value"),
        ("train", "latent_factors", None, "valid integer"),
        ("train", "learning_rate", 0, "greater than 0"),
        ("train", "learning_rate", float("nan"), "finite number"),
        ("train", "regularization", -1, "greater than or equal to 0"),
        ("train", "solver", "sgd", "'gibbs'"),
        ("train", "device", "tpu", "'cpu'"),
        ("train", "biases", "perhaps", "valid boolean"),
        ("prepare", "test_fraction", 1, "less than 1"),
        ("prepare", "validation_fraction", -0.1, "greater than or equal to 0"),
        ("prepare", "split", "newest", "'temporal'"),
        ("prepare", "seed", -1, "greater than or equal to 0"),
        ("cluster", "n_clusters", 0, "greater than or equal to 1"),
        ("report", "top_movies", "ten", "valid integer"),
    ],
)
def test_a_wrong_value_is_named_with_its_key_and_what_would_be_right(
    stage: str, key: str, value: object, right: str
) -> None:
    with pytest.raises(UserError) as error:
        PARAMETERS[stage].check(DEFAULTS | {key: value})
    assert key in str(error.value)
    assert repr(value) in str(error.value)
    assert right in str(error.value)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(UserError, match="n_clusters is missing"):
        PARAMETERS["cluster"].check({key: DEFAULTS[key] for key in DEFAULTS if key != "n_clusters"})


@pytest.mark.parametrize("content", ["- a\n- b\n", "a: [", "\xff".encode("latin-1"), ""])
def test_a_file_that_is_no_table_of_keys_is_refused(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=r"params\.yaml"):
        Parameters.load(path)


def test_loading_takes_only_the_keys_of_its_stage(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(DEFAULTS))
    assert PARAMETERS["report"].load(path).model_dump().keys() == {"dataset", "top_movies"}


LINES = (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines()


def comment_on(key: str) -> str:
    """What params.yaml says beside the key, and above it."""
    row = next(row for row, line in enumerate(LINES) if line.startswith(f"{key}:"))
    return LINES[row].partition("#")[2] + LINES[row - 1].partition("# ")[2]


def in_words(number: float) -> str:
    return {2**63: "2^63", 1e6: "1e6"}.get(number, f"{number:g}")


def range_in_words(limits: list[Any]) -> str:
    """A range as params.yaml has it, such as `0 to below 1`, `above 0, to 10` and `≥ 1`."""
    found = {kind: value for limit in limits for kind, value in asdict(limit).items()}
    low = in_words(found["ge"]) if "ge" in found else f"above {in_words(found['gt'])},"
    if "le" in found:
        return f"{low} to {in_words(found['le'])}"
    return f"{low} to below {in_words(found['lt'])}" if "lt" in found else f"≥ {low}"


@pytest.mark.parametrize("key", DEFAULTS)
def test_a_comment_gives_the_range_or_the_choices_that_are_checked(key: str) -> None:
    field = next(each.model_fields[key] for each in PARAMETERS.values() if key in each.model_fields)
    if field.metadata:
        assert f"({range_in_words(field.metadata)}" in comment_on(key)
    for choice in filter(lambda choice: isinstance(choice, str), get_args(field.annotation)):
        assert choice in comment_on(key)


def test_a_stage_checks_a_key_as_the_others_do() -> None:
    for key in DEFAULTS:
        fields = [each.model_fields[key] for each in PARAMETERS.values() if key in each.model_fields]
        assert len({(str(field.annotation), str(field.metadata)) for field in fields}) == 1
