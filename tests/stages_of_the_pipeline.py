"""The pipeline as dvc.yaml and params.yaml describe it."""

from pathlib import Path
from typing import Any

import yaml

from stages.baselines import BaselinesParameters
from stages.cluster import ClusterParameters
from stages.curve import CurveParameters
from stages.evaluate import EvaluateParameters
from stages.fetch import FetchParameters
from stages.newcomers import NewcomersParameters
from stages.notebook import NotebookParameters
from stages.params import Parameters
from stages.points import PointsParameters
from stages.prepare import PrepareParameters
from stages.replicas import ReplicasParameters
from stages.report import ReportParameters
from stages.train import TrainParameters

ROOT = Path(__file__).parent.parent
PIPELINE: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
STAGES = list(PIPELINE["stages"])
PARAMETERS: dict[str, type[Parameters]] = {
    "fetch": FetchParameters,
    "prepare": PrepareParameters,
    "notebook": NotebookParameters,
    "baselines": BaselinesParameters,
    "train": TrainParameters,
    "replicas": ReplicasParameters,
    "newcomers": NewcomersParameters,
    "evaluate": EvaluateParameters,
    "points": PointsParameters,
    "cluster": ClusterParameters,
    "curve": CurveParameters,
    "report": ReportParameters,
}
