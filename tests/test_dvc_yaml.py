"""dvc.yaml matches the code: stages depend on what they import, and read the parameters that they declare."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from tests.repository import DEFAULTS, PIPELINE, ROOT, STAGES, data_inputs, outputs, parameters_of

ORDER = ["core", "movielens", "factorization", "ranking", "clustering", "plotting", "page", "recommender"]
"""Packages, each of which may import those before it; the recommender imports neither plotting nor page."""


def imported_files(path: Path) -> set[Path]:
    """The files of `stages` that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    files = {ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith("stages")}
    return {file for file in files if file.exists()}


def all_imports(stage: str) -> set[Path]:
    seen: set[Path] = set()
    found = {ROOT / "stages" / f"{stage}.py"}
    while found:
        seen |= found
        found = {file for path in found for file in imported_files(path)} - seen
    return seen


def dependency(path: Path) -> str:
    """The stage file itself, or the package of a module."""
    folder = path if path.parent.name == "stages" else path.parent
    return folder.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_itself_and_exactly_the_packages_that_it_imports(stage: str) -> None:
    listed = {path for path in PIPELINE["stages"][stage]["deps"] if path.startswith("stages/")}
    assert listed == {dependency(path) for path in all_imports(stage)}


@pytest.mark.parametrize("package", ORDER)
def test_a_package_imports_only_those_before_it(package: str) -> None:
    allowed = {f"stages/{name}" for name in ORDER[: ORDER.index(package) + 1]}
    if package == "recommender":
        allowed -= {"stages/plotting", "stages/page"}
    for path in (ROOT / "stages" / package).glob("*.py"):
        assert {dependency(file) for file in imported_files(path)} <= allowed, path


def test_stages_contains_stages_commands_packages_and_a_readme() -> None:
    tracked = subprocess.check_output(["git", "ls-files", "stages"], cwd=ROOT, text=True).split()
    entries = {path.split("/")[1] for path in tracked}
    files = {f"{name}.py" for name in [*STAGES, "recommend", "compare"]}
    assert entries == files | set(ORDER) | {"README.md", "__init__.py"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_exactly_the_parameters_that_dvc_yaml_lists_and_uses_them(stage: str) -> None:
    declared = set(parameters_of(stage).model_fields)
    assert set(PIPELINE["stages"][stage].get("params", [])) == declared
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in all_imports(stage)]
    attributes = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert declared <= attributes


@pytest.mark.parametrize("stage", STAGES)
def test_the_paths_of_a_command_are_its_dependencies_and_outputs(stage: str) -> None:
    paths = data_inputs(stage) | outputs(stage)
    words = shlex.split(PIPELINE["stages"][stage]["cmd"])
    assert words[:3] == ["python", "-m", f"stages.{stage}"]
    given = {word for word in words[3:] if not word.startswith("--")}

    def same(path: str, word: str) -> bool:
        return f"{path}/".startswith(f"{word}/") or word.startswith(f"{path}/")

    assert all(any(same(path, word) for word in given) for path in paths)
    assert all(any(same(path, word) for path in paths) for word in given)


def test_dvc_writes_params_yaml_back_as_it_is(tmp_path: Path) -> None:
    copy = tmp_path / "params.yaml"
    shutil.copy(ROOT / "params.yaml", copy)
    for values in ({"dataset": "synthetic-100k", "latent_factors": 16}, DEFAULTS):
        apply_overrides(copy, [f"{key}={values[key]}" for key in ("dataset", "latent_factors")])
    assert copy.read_text() == (ROOT / "params.yaml").read_text()


def test_only_report_has_outputs_outside_the_cache() -> None:
    """Elsewhere such outputs would switch DVC's run cache off."""
    outs = {stage: PIPELINE["stages"][stage].get("outs", []) for stage in STAGES}
    assert [stage for stage in STAGES if any(isinstance(out, dict) for out in outs[stage])] == ["report"]


def test_the_lock_belongs_to_the_code() -> None:
    dry = [sys.executable, "-m", "dvc", "repro", "--dry", "--allow-missing"]
    output = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"Running stage '(\w+)'", output) == [], "run dvc repro and commit what it writes"
