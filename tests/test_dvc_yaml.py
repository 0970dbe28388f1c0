"""dvc.yaml says exactly what the code does: a module boundary is an invalidation boundary."""

import ast
import inspect
import itertools
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from tests.parameters_of_the_stages import PARAMETERS
from tests.repository import DEFAULTS, PIPELINE, ROOT, STAGES


def imported_modules(path: Path) -> set[Path]:
    """The files of `stages` that a file imports, at whatever depth in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    files = {ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith("stages")}
    return {file for file in files if file.exists()}


def transitive_modules(stage: str) -> set[Path]:
    seen, found = set(), {ROOT / "stages" / f"{stage}.py"}
    while found:
        seen |= found
        found = {module for path in found for module in imported_modules(path)} - seen
    return seen | {page for path in seen if (page := path.with_suffix(".html")).exists()}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_exactly_the_modules_that_it_imports(stage: str) -> None:
    listed = {ROOT / path for path in PIPELINE["stages"][stage]["deps"] if path.startswith("stages/")}
    assert listed == transitive_modules(stage)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_exactly_the_parameters_that_it_declares(stage: str) -> None:
    assert set(PIPELINE["stages"][stage]["params"]) == set(PARAMETERS[stage].model_fields)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_every_parameter_that_it_declares(stage: str) -> None:
    attributes = {
        node.attr
        for path in transitive_modules(stage)
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert set(PARAMETERS[stage].model_fields) <= attributes


@pytest.mark.parametrize("stage", STAGES)
def test_the_paths_in_a_command_are_its_dependencies_and_outputs(stage: str) -> None:
    entry = PIPELINE["stages"][stage]
    outputs = {
        next(iter(out)) if isinstance(out, dict) else out
        for kind in ("outs", "metrics", "plots")
        for out in entry.get(kind, [])
    }
    paths = {path for path in entry["deps"] if not path.startswith("stages/")} | outputs
    words = shlex.split(entry["cmd"])
    assert words[:3] == ["python", "-m", f"stages.{stage}"]
    given = {word for word in words[3:] if not word.startswith("--")}
    assert all(any(path == word or path.startswith(f"{word}/") for word in given) for path in paths)
    assert all(any(path == word or path.startswith(f"{word}/") for path in paths) for word in given)


def test_packages_hold_no_code_so_that_no_stage_depends_on_them() -> None:
    for path in (ROOT / "stages").rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) == 1
        assert isinstance(body[0], ast.Expr), path


@pytest.mark.parametrize("stage", STAGES)
def test_every_parameter_has_a_docstring_and_every_stage_says_what_it_does(stage: str) -> None:
    assert PIPELINE["stages"][stage]["desc"]
    for name, field in PARAMETERS[stage].model_fields.items():
        assert field.description, name
    assert inspect.getmodule(PARAMETERS[stage]).__doc__.startswith(f"{stage}: ")  # type: ignore[union-attr]


def test_every_default_has_a_comment_beside_or_above_it() -> None:
    lines = (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines()
    for above, line in itertools.pairwise(lines):
        if line.split(":")[0] in DEFAULTS:
            assert "#" in line or above.startswith("# "), line


def test_dvc_writes_params_yaml_back_as_it_is(tmp_path: Path) -> None:
    copy = tmp_path / "params.yaml"
    shutil.copy(ROOT / "params.yaml", copy)
    for value in ("synthetic-100k", DEFAULTS["dataset"]):
        apply_overrides(copy, [f"dataset={value}", "latent_factors=16", "latent_factors=8"])
    assert copy.read_text() == (ROOT / "params.yaml").read_text()


def test_only_a_cheap_stage_has_outputs_outside_the_cache() -> None:
    uncached = {
        stage
        for stage in STAGES
        for out in PIPELINE["stages"][stage].get("outs", [])
        if isinstance(out, dict)
    }
    assert uncached == {"report"}  # elsewhere they would switch the run cache off


def test_the_lock_and_the_metrics_belong_to_the_code() -> None:
    dry = [sys.executable, "-m", "dvc", "repro", "--dry", "--allow-missing"]
    output = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"Running stage '(\w+)'", output) == [], "run dvc repro and commit what it writes"
