"""The repository's own files: the pipeline and its parameters, and which parameters each stage declares."""

import importlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from stages.core.parameters import Parameters

ROOT = Path(__file__).parent.parent
PIPELINE: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
STAGES = list(PIPELINE["stages"])


@cache
def parameters_of(stage: str) -> type[Parameters]:
    """The class whose `load` the stage calls; one without keys for a stage without parameters."""
    module = importlib.import_module(f"stages.{stage}")
    found: type[Parameters] = getattr(module, f"{stage.capitalize()}Parameters", Parameters)
    return found


def outputs(stage: str) -> set[str]:
    """Paths of outs, metrics and plots of a stage."""
    entries = [
        out for kind in ("outs", "metrics", "plots") for out in PIPELINE["stages"][stage].get(kind, [])
    ]
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}


def data_inputs(stage: str) -> set[str]:
    """Paths of the data that a stage reads: its dependencies without the code."""
    return {path for path in PIPELINE["stages"][stage]["deps"] if not path.startswith("stages/")}
