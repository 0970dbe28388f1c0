"""cluster: every clustered movie has all that it needs, and the scorecard stands beside the notebook's."""

import json
from pathlib import Path

import pandas as pd
import torch
import yaml

from stages import cluster
from stages.factorization.model import single
from stages.movielens.movies import read_movies
from stages.nearness import Nearness
from stages.tensors import serialize
from tests.stages_of_the_pipeline import DEFAULTS
from tests.test_groups import movies, planted_factors, planted_watchers

INPUTS = ("model.pt", "replicas.pt", "notebook.pt", "train.pt", "movies.csv", "tags.csv")
OUTPUTS = ("clusters.csv", "words.csv", "points.npz", "clusters.json")


def write_inputs(directory: Path, n_replicas: int = 2, **changes: object) -> None:
    factors, train = planted_factors(), planted_watchers()
    zeros = torch.zeros(90), torch.zeros(len(factors)), torch.zeros(90, 3)
    (directory / "model.pt").write_bytes(single(torch.tensor(3.5), *zeros, factors).serialize())
    others = [factors + 0.01 * number for number in range(1, n_replicas + 1)]
    replicas = {
        "embeddings": torch.stack(others) if others else torch.zeros(0, 75, 3),
        "without_genres": factors[None] if others else torch.zeros(0, 75, 3),
    }
    (directory / "replicas.pt").write_bytes(serialize(replicas))
    recipe = {"user_factors": torch.zeros(2, 90, 3), "movie_factors": torch.stack([factors, -factors])}
    (directory / "notebook.pt").write_bytes(serialize(recipe))
    (directory / "train.pt").write_bytes(train.serialize())
    movies().to_csv(directory / "movies.csv", index=False)
    tags = {"movie": [10, 11, 12, 13], "tag": "odd", "n_users": [1, 2, 1, 1], "n_users_of_tag": 2}
    pd.DataFrame(tags).to_csv(directory / "tags.csv", index=False)
    chosen = {**DEFAULTS, "n_clusters": 3, "min_ratings": 5, **changes}
    (directory / "params.yaml").write_text(yaml.safe_dump(chosen))


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
    assert Nearness.load(tmp_path / "points.npz").movie.tolist() == table["movie"].tolist()


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
