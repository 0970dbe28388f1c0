"""curve: each number of clusters is evaluated, and the planted number has the best metrics."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import curve
from stages.clustering.attributes import tag_attributes
from stages.clustering.nearest import unit_rows
from stages.curve import metrics_by_number
from tests import test_cluster
from tests.clustering.builders import movies, planted_factors


def evaluate(*fits: np.ndarray) -> pd.DataFrame:
    table = movies(len(fits[0]))
    no_tags = pd.DataFrame({"movie": [], "tag": pd.Series(dtype="str"), "n_users": []})
    return metrics_by_number(list(fits), table, tag_attributes(no_tags, table["movie"]), seed=1)


def run(directory: Path, **changes: object) -> bytes:
    test_cluster.run(directory, **changes)
    names = "points.npy movies.csv tags.csv curve.csv params.yaml"
    curve.main(*(directory / name for name in names.split()))
    return (directory / "curve.csv").read_bytes()


def test_the_planted_number_of_clusters_is_best_separated_and_most_stable() -> None:
    rng, unit = np.random.default_rng(0), unit_rows(planted_factors())
    table = evaluate(*(unit + rng.normal(0, 0.1, unit.shape) for _ in range(3))).set_index("n_clusters")
    assert table.index.tolist() == list(range(2, 41))
    assert table["silhouette"].idxmax() == 3
    assert table["stability"].idxmax() == 3
    assert table["tag_coherence_z"].isna().all()


@pytest.mark.parametrize(("embedding", "numbers"), [(np.eye(5), [2, 3, 4]), (np.ones((5, 2)), [])])
def test_there_are_fewer_clusters_than_distinct_movies(embedding: np.ndarray, numbers: list[int]) -> None:
    assert evaluate(embedding)["n_clusters"].tolist() == numbers


def test_the_stage_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    assert run(tmp_path, min_ratings=60) == run(tmp_path, min_ratings=60)


def test_a_single_movie_has_an_empty_curve(tmp_path: Path) -> None:
    header = "n_clusters,silhouette,stability,genre_coherence_z,tag_coherence_z,popularity_explained\n"
    assert run(tmp_path, min_ratings=75, n_clusters=1).decode() == header
