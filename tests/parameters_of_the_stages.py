"""What each stage declares that it reads: apart, since this imports them all, which takes seconds."""

from stages.baselines import BaselinesParameters
from stages.cluster import ClusterParameters
from stages.core.parameters import Parameters
from stages.curve import CurveParameters
from stages.evaluate import EvaluateParameters
from stages.fetch import FetchParameters
from stages.newcomers import NewcomersParameters
from stages.notebook import NotebookParameters
from stages.points import PointsParameters
from stages.prepare import PrepareParameters
from stages.replicas import ReplicasParameters
from stages.report import ReportParameters
from stages.train import TrainParameters

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
