"""report: every output is written, the same bytes each time, for ordinary and for degenerate data."""

import json
from pathlib import Path

import pandas as pd
import pytest

from stages import report
from tests import test_curve

PLOTS = (
    "clusters.md data.png explorer.html genres.png loss.csv loss.png map.png n_clusters.csv n_clusters.png"
)
INPUTS = "data.json movies.csv histogram.csv history.csv clusters.csv terms.csv points.npy curve.csv"


def run(directory: Path, **statistics: object) -> dict[str, bytes]:
    (directory / "data.json").write_text(json.dumps({"dataset": "small", **statistics}))
    losses = {"epoch": [1, 2], "train_loss": 0.5, "validation_loss": [0.9, 0.8]}
    pd.DataFrame(losses).to_csv(directory / "history.csv", index=False)
    pd.DataFrame({"rating": [1.0, 2.0], "n_ratings": [3, 4]}).to_csv(directory / "histogram.csv", index=False)
    report.main(*(directory / name for name in [*INPUTS.split(), "plots", "params.yaml"]))
    return {path.name: path.read_bytes() for path in sorted((directory / "plots").iterdir())}


@pytest.mark.parametrize(("min_ratings", "n_clusters"), [(50, 3), (50, 1), (75, 1)])
def test_the_stage_writes_the_same_bytes_each_time(tmp_path: Path, min_ratings: int, n_clusters: int) -> None:
    test_curve.run(tmp_path, min_ratings=min_ratings, n_clusters=n_clusters)
    first = run(tmp_path)
    assert list(first) == PLOTS.split()
    assert first["loss.csv"] == b"epoch,train_loss,validation_loss\n1,0.5,0.9\n2,0.5,0.8\n"
    assert run(tmp_path) == first
    assert b"small (generated ratings)" in run(tmp_path, synthetic=True)["clusters.md"]
