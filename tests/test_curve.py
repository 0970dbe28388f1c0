"""curve: each number of clusters is scored, and the planted one stands out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import curve
from stages.clustering.metrics import tag_matrix
from stages.curve import score_all
from tests.test_cluster import write_inputs
from tests.test_points import movies, planted_factors

NOTHING = pd.DataFrame({"movie": [], "tag": pd.Series(dtype="str"), "n_users": []})


def test_the_planted_number_of_groups_is_clearest_and_most_stable() -> None:
    rng = np.random.default_rng(0)
    unit = planted_factors().double().numpy()
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    places = [unit + rng.normal(0, 0.1, unit.shape) for _ in range(3)]
    table = score_all(places, movies(), tag_matrix(NOTHING, movies()["movie"]), seed=1).set_index(
        "n_clusters"
    )
    assert table.index.tolist() == list(range(2, 41))
    assert table["silhouette"].idxmax() == 3
    assert table["stability"].idxmax() == 3
    assert table["tag_coherence_z"].isna().all()
    assert table[["silhouette", "popularity_explained", "genre_coherence_z"]].notna().all(axis=None)


def test_there_are_no_more_clusters_than_movies() -> None:
    few = movies().head(5)
    table = score_all([np.eye(5)], few, tag_matrix(NOTHING, few["movie"]), seed=1)
    assert table["n_clusters"].tolist() == [2, 3, 4]
    assert table["stability"].isna().all()


@pytest.mark.parametrize("n_replicas", [0, 2])
def test_the_stage_writes_the_same_bytes_each_time(tmp_path: Path, n_replicas: int) -> None:
    write_inputs(tmp_path, n_replicas=n_replicas)
    names = "points.npy movies.csv tags.csv curve.csv params.yaml"
    paths = [tmp_path / name for name in names.split()]
    written = []
    for _ in range(2):
        curve.main(*paths)
        written.append(paths[3].read_bytes())
    assert written[0] == written[1]
    table = pd.read_csv(paths[3])
    assert table["stability"].notna().all() == (n_replicas > 0)
