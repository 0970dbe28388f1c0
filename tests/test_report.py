"""report: with cluster and curve, writes the same bytes each time, for ordinary and for degenerate data."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from stages import curve, report
from stages.factorization.model import single
from stages.movielens.ratings import Ratings
from stages.ranking.score import fit_ease
from tests import test_cluster
from tests.clustering import builders as clustering

CURVE = "points.npy movies.csv tags.csv curve.csv params.yaml"
PATHS = "data.json movies.csv ratings.csv history.csv baselines.json clusters.csv terms.csv points.npy"
PATHS += " model.pt ease.pt curve.csv plots"
PLOTS = (
    "clusters.md data.png explorer.html genres.png loss.csv loss.png map.png n_clusters.csv n_clusters.png"
)


def run(directory: Path, statistics: dict[str, object], **changes: Any) -> dict[str, bytes]:
    test_cluster.run(directory, **changes)
    curve.main(*(directory / name for name in CURVE.split()))
    (directory / "data.json").write_text(json.dumps(statistics))
    (directory / "baselines.json").write_text(json.dumps({"biases": {"rmse": 0.9, "validation_rmse": 0.9}}))
    losses = {"epoch": [1, 2], "train_loss": 0.5, "validation_loss": [0.9, 0.8], "burn_in": [True, False]}
    pd.DataFrame(losses).to_csv(directory / "history.csv", index=False)
    pd.DataFrame({"rating": [1.0, 2.0], "n_ratings": [3, 4]}).to_csv(directory / "ratings.csv", index=False)
    n = len(clustering.movies())
    (directory / "model.pt").write_bytes(
        single(torch.tensor(3.5), torch.ones(2, 3), torch.ones(n, 3)).serialize()
    )
    movie = torch.arange(n)
    ratings = Ratings(movie % 2, movie, torch.full((n,), 4.0), 0 * movie, 2, n)
    (directory / "ease.pt").write_bytes(fit_ease(ratings, 1.0).serialize())
    report.main(*(directory / name for name in [*PATHS.split(), "params.yaml"]))
    return {path.name: path.read_bytes() for path in sorted((directory / "plots").iterdir())}


@pytest.mark.parametrize(("min_ratings", "n_clusters", "numbers"), [(60, 3, 11), (60, 1, 11), (75, 1, 0)])
def test_every_plot_is_written(tmp_path: Path, min_ratings: int, n_clusters: int, numbers: int) -> None:
    changes = {"min_ratings": min_ratings, "n_clusters": n_clusters}
    plots = run(tmp_path, {"dataset": "small"}, **changes)
    assert list(plots) == PLOTS.split()
    assert run(tmp_path, {"dataset": "small"}, **changes) == plots
    assert plots["loss.csv"] == b"epoch,train_loss,validation_loss\n1,0.5,0.9\n2,0.5,0.8\n"
    assert len(plots["n_clusters.csv"].splitlines()) == 1 + numbers


def test_generated_ratings_are_named_in_headings(tmp_path: Path) -> None:
    plots = run(tmp_path, {"dataset": "small", "synthetic": True}, min_ratings=60)
    assert plots["clusters.md"].startswith(b"# 3 clusters of movies in small (generated ratings)\n")
