"""The repository's own files: the pipeline and its parameters as dvc.yaml and params.yaml describe them."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
PIPELINE: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
STAGES = list(PIPELINE["stages"])
