"""cluster: every clustered movie has a cluster, and its metrics are reported beside the notebook's."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages import cluster
from stages.core.cli import UserError
from stages.movielens.tables import read_movies
from tests.clustering.builders import movies
from tests.conftest import run_stage
from tests.test_points import make_points

PATHS = "points.npy movies.csv tags.csv clusters.csv terms.csv comparison.csv clusters.json params.yaml"


def run(directory: Path, further_fits: bool = True, **changes: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The clusters and the metrics."""
    make_points(directory, further_fits, **changes)
    movies().to_csv(directory / "movies.csv", index=False)
    tags = {"movie": [10, 11, 12, 13], "tag": "odd", "n_users": [1, 2, 1, 1], "n_users_of_tag": 2}
    pd.DataFrame(tags).to_csv(directory / "tags.csv", index=False)
    metrics = run_stage(cluster.main, directory, PATHS, metrics="clusters.json")
    return read_movies(directory / "clusters.csv"), metrics


def test_every_clustered_movie_is_in_the_table_and_metrics_are_beside_the_notebooks(tmp_path: Path) -> None:
    table, metrics = run(tmp_path)
    assert table["movie_id"].tolist() == list(range(104, 175))
    assert set(movies()) <= set(table)
    assert table[["cluster", "x", "y", "expected", "deviation", "distance"]].notna().all(axis=None)
    assert len(table[["cluster", "name"]].drop_duplicates()) == table["name"].nunique() == 3
    assert metrics["stability"] == 1
    compared = pd.read_csv(tmp_path / "comparison.csv", index_col="clusters")
    assert compared.index.tolist() == ["model", "without genres", "notebook"]
    own = compared.loc["model"]
    assert (own["n_movies"], own["smallest"]) == (71, table["cluster"].value_counts().min())
    assert metrics == pytest.approx({name: own[name] for name in metrics}, abs=1e-6)
    scores = ["silhouette", "popularity_explained", "genre_coherence_z", "stability"]
    assert compared.loc[["model", "notebook"], scores].notna().all(axis=None)
    assert compared["genre_coherence_z"]["without genres"] == own["genre_coherence_z"]


def test_without_further_fits_their_metrics_are_left_out(tmp_path: Path) -> None:
    _, metrics = run(tmp_path, further_fits=False, min_ratings=50)
    assert "stability" not in metrics
    assert pd.read_csv(tmp_path / "comparison.csv")["clusters"].tolist() == ["model"]


def test_a_single_movie_has_the_defined_metrics_and_more_clusters_are_an_error(tmp_path: Path) -> None:
    table, metrics = run(tmp_path, min_ratings=75, n_clusters=1)
    assert table["cluster"].tolist() == [0]
    assert metrics.keys() == {"stability"}
    with pytest.raises(UserError, match=r"n_clusters is 10\b.* 6 movies"):
        run(tmp_path, min_ratings=70, n_clusters=10)
