"""cluster: every clustered movie has all that it needs, and the scorecard stands beside the notebook's."""

import json
from pathlib import Path

import pandas as pd
import pytest

from stages import cluster
from stages.core.cli import UserError
from stages.movielens.movies import read_movies
from tests import test_points
from tests.test_points import make_points, movies

INPUTS = ("points.npy", "movies.csv", "tags.csv")
OUTPUTS = ("clusters.csv", "words.csv", "clusters.json")


def write_inputs(directory: Path, n_replicas: int = 2, n_notebooks: int = 2, **changes: object) -> None:
    test_points.write_inputs(directory, n_replicas, n_notebooks, **changes)
    make_points(directory)
    tags = {"movie": [10, 11, 12, 13], "tag": "odd", "n_users": [1, 2, 1, 1], "n_users_of_tag": 2}
    pd.DataFrame(tags).to_csv(directory / "tags.csv", index=False)


def run(directory: Path) -> list[bytes]:
    cluster.main(*(directory / name for name in (*INPUTS, *OUTPUTS, "params.yaml")))
    return [(directory / name).read_bytes() for name in OUTPUTS]


def test_the_stage_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    assert run(tmp_path) == run(tmp_path)


def test_every_clustered_movie_has_a_cluster_a_place_and_what_is_expected_of_it(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    run(tmp_path)
    table = read_movies(tmp_path / "clusters.csv")
    assert table["movie_id"].tolist() == list(range(5, 76))
    assert set(movies()) <= set(table)
    assert table[["cluster", "x", "y", "expected", "deviation", "distance"]].notna().all(axis=None)
    assert table.groupby("cluster")["name"].nunique().eq(1).all()
    assert table["name"].nunique() == 3
    assert (table["expected"] == 3.5).all()  # the model has no biases, and users without factors


def test_the_scorecard_stands_beside_that_of_the_notebook(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    run(tmp_path)
    metrics = json.loads((tmp_path / "clusters.json").read_text())
    table = read_movies(tmp_path / "clusters.csv")
    assert metrics["n_clustered"] == 71
    assert metrics["smallest"] == table["cluster"].value_counts().min()
    assert metrics["stability"] == 1
    scores = {"silhouette", "popularity_explained", "genre_coherence_z", "stability"}
    assert scores <= metrics.keys()
    assert scores <= metrics["notebook"].keys()
    assert metrics["genre_coherence_z_without_genres"] == metrics["genre_coherence_z"]


def test_without_replicas_stability_is_not_measured(tmp_path: Path) -> None:
    write_inputs(tmp_path, n_replicas=0)
    run(tmp_path)
    metrics = json.loads((tmp_path / "clusters.json").read_text())
    assert "stability" not in metrics
    assert "genre_coherence_z_without_genres" not in metrics


def test_without_the_notebook_nothing_is_said_of_it(tmp_path: Path) -> None:
    write_inputs(tmp_path, n_notebooks=0)
    run(tmp_path)
    assert "notebook" not in json.loads((tmp_path / "clusters.json").read_text())


def test_more_clusters_than_movies_are_refused(tmp_path: Path) -> None:
    write_inputs(tmp_path, min_ratings=70, n_clusters=10)
    with pytest.raises(UserError, match="n_clusters is 10, but only 6 movies have min_ratings; lower"):
        run(tmp_path)
