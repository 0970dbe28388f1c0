"""report: with cluster and curve, writes the same bytes each time, for ordinary and for degenerate data."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from stages import curve, report
from stages.core.files import write_csv
from stages.factorization.model import single
from stages.ranking.metrics import join
from stages.ranking.score import fit_new
from tests import test_cluster
from tests.clustering import builders as clustering
from tests.conftest import Capture, make_ratings

CURVE = "points.npy movies.csv tags.csv curve.csv params.yaml"
TABLES = ". baselines.csv scores.csv newcomers.csv history.csv clusters.csv terms.csv comparison.csv".split()
PATHS = [*TABLES, *"points.npy model.pt ridge.pt curve.csv results.md plots params.yaml".split()]
STATISTICS = {"label": "small", "split": "random", "seed": 1, "density": 0.1, "mean_rating": 3.5}
STATISTICS |= dict.fromkeys("n_users n_movies n_ratings n_train n_validation n_test".split(), 9)
PLOTS = (
    "clusters.md data.png explorer.html genres.png loss.csv loss.png map.png n_clusters.csv n_clusters.png"
)
SCORES: dict[str, dict[str, float | None]] = {
    "validation": {"model": 0.5, "biases": 1.0},
    "test": {"model": 0.5, "biases": 1.0},
    "after 10": {"model": 0.7, "popularity": None},
}
"""Errors of each method in each part, in stars; None for one that ranks only."""


def scores(part: str, **errors: float | None) -> pd.DataFrame:
    """One user with one rating, for whom every method ranks equally."""
    rows = [
        {"part": part, "method": method, "user": 0, "ndcg_at_10": 0.5}
        | ({"n_ratings": 1, "squared_error": error**2, "absolute_error": error} if error else {})
        for method, error in errors.items()
    ]
    return pd.DataFrame(rows)


def run(directory: Path, label: str = "small", measured: bool = True, **changes: Any) -> dict[str, bytes]:
    test_cluster.run(directory, **changes)
    curve.main(*(directory / name for name in CURVE.split()))
    (directory / "statistics.json").write_text(json.dumps({**STATISTICS, "label": label}))
    tables = [scores(part, **SCORES[part]) for part in SCORES] if measured else [join([])]
    write_csv(directory / "scores.csv", pd.concat(tables))
    for name in ("baselines", "newcomers"):
        write_csv(directory / f"{name}.csv", join([]))
    losses = {"epoch": [1, 2], "train_loss": 0.5, "validation_loss": [0.9, 0.8], "burn_in": [True, False]}
    pd.DataFrame(losses).to_csv(directory / "history.csv", index=False)
    pd.DataFrame({"rating": [1.0, 2.0], "n_ratings": [3, 4]}).to_csv(directory / "histogram.csv", index=False)
    n = len(clustering.movies())
    model = single(torch.tensor(3.5), torch.ones(2, 3), torch.ones(n, 3))
    (directory / "model.pt").write_bytes(model.serialize())
    ratings = make_ratings([(movie % 2, movie, 4.0) for movie in range(n)], 2, n)
    (directory / "ridge.pt").write_bytes(fit_new(ratings, torch.ones(n, 1)).serialize())
    report.main(*(directory / name for name in PATHS))
    return {path.name: path.read_bytes() for path in sorted((directory / "plots").iterdir())}


@pytest.mark.parametrize(("min_ratings", "n_clusters", "numbers"), [(60, 3, 11), (75, 1, 0)])
def test_every_plot_is_written(tmp_path: Path, min_ratings: int, n_clusters: int, numbers: int) -> None:
    changes: dict[str, Any] = {"min_ratings": min_ratings, "n_clusters": n_clusters}
    plots = run(tmp_path, **changes)
    assert list(plots) == PLOTS.split()
    assert run(tmp_path, **changes) == plots
    assert plots["loss.csv"] == b"epoch,train_loss,validation_loss\n1,0.5,0.9\n2,0.5,0.8\n"
    assert len(plots["n_clusters.csv"].splitlines()) == 1 + numbers


def test_the_results_are_written_and_the_last_lines_printed(tmp_path: Path, capsys: Capture) -> None:
    plots = run(tmp_path, "small (generated ratings)", min_ratings=60)
    written, printed = (tmp_path / "results.md").read_text(), capsys.readouterr().out
    for page in (plots["clusters.md"].decode(), written):
        assert "small (generated ratings)" in page.splitlines()[0]
    assert re.search(r"\*\*this model\*\* +\| 0\.500 \[0\.500, 0\.500\]", written)
    assert "(user and movie biases)" in written
    assert "## New users\n\n1 users" in written
    assert re.search(r"user and movie biases +1\.0", printed)
    assert str(tmp_path / "plots" / "explorer.html") in printed.splitlines()[-1]


def test_without_held_out_ratings_there_are_no_such_tables(tmp_path: Path, capsys: Capture) -> None:
    run(tmp_path, min_ratings=60, measured=False)
    headings = re.findall("^#+ (.+)", (tmp_path / "results.md").read_text(), re.MULTILINE)
    assert headings == ["Results on small", "Clusters"]
    assert "Test ratings" not in capsys.readouterr().out
