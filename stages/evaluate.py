"""evaluate: the model and the test ratings → how well it predicts and ranks what it has not seen."""

from pathlib import Path

from stages import command
from stages.factorization.model import Model
from stages.measures import accuracy, ranking
from stages.movielens import catalogue
from stages.movielens.ratings import Ratings, concatenate
from stages.outputs import write_metrics
from stages.params import Parameters


class EvaluateParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, to mark what is measured on generated ratings."""


def main(
    train: Path,
    validation: Path,
    test: Path,
    model: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Measure MODEL on the ratings TEST, beside those of TRAIN and VALIDATION; write METRICS."""
    parameters = EvaluateParameters.load(params)
    parts = [Ratings.load(path) for path in (train, validation, test)]
    scores = evaluate(Model.load(model), *parts)
    write_metrics(metrics, scores, synthetic=catalogue.is_synthetic(parameters.dataset))
    shown = ", ".join(f"{name} {value:.4f}" for name, value in scores.items()) or "there are no test ratings"
    print(f"evaluate: {catalogue.label(parameters.dataset)}: {shown}")


def evaluate(model: Model, train: Ratings, validation: Ratings, test: Ratings) -> dict[str, float]:
    """Accuracy of predictions clipped to the training ratings' scale, and ranking of all unseen movies."""
    prediction = model.predict(test.user, test.movie).clamp(*train.scale())
    return {
        **accuracy(prediction, test.rating),
        **ranking(model.score, seen=concatenate(train, validation), test=test),
    }


if __name__ == "__main__":
    command.run(main)
