"""cluster: planted groups are found, fame plays no part, and what cannot be grouped is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from sklearn.metrics import adjusted_rand_score

from stages import cluster
from stages.cluster import ClusterParameters, choose, draw_map, group, score
from stages.command import UserError
from stages.factorization.model import single
from stages.movielens.movies import read_movies
from tests.stages_of_the_pipeline import DEFAULTS

DIRECTIONS = np.eye(3)
PLANTED = np.repeat([0, 1, 2], [20, 30, 25])


def parameters(**changes: object) -> ClusterParameters:
    return ClusterParameters.check({**DEFAULTS, "n_clusters": 3, "min_ratings": 2, **changes})


def planted_factors() -> np.ndarray:
    """Three directions, lengths from 0.5 to 5."""
    rng = np.random.default_rng(0)
    factors = DIRECTIONS[PLANTED] + rng.normal(0, 0.05, (len(PLANTED), 3))
    return np.asarray(factors * rng.uniform(0.5, 5, (len(PLANTED), 1)))


def movies() -> pd.DataFrame:
    count = len(PLANTED)
    return pd.DataFrame(
        {
            "movie": range(count),
            "movie_id": range(1, count + 1),
            "title": [f"Movie, The {i}" for i in range(count)],
            "year": pd.array([1990 + i % 30 for i in range(count - 1)] + [None], dtype="Int64"),
            "genres": ["Action|Drama" if i % 2 else "" for i in range(count)],
            "n_ratings": range(1, count + 1),
            "mean_rating": 3.5,
        }
    )


def test_planted_groups_are_found_whatever_the_length_of_the_factors() -> None:
    _, embeddings = choose(movies(), planted_factors(), parameters(min_ratings=1))
    labels, inertia = group(embeddings, parameters())
    assert adjusted_rand_score(PLANTED, labels) == 1
    centres = np.stack([embeddings[labels == label].mean(axis=0) for label in range(3)])
    assert inertia == pytest.approx(((embeddings - centres[labels]) ** 2).sum())


def test_clusters_are_numbered_from_the_largest() -> None:
    labels, _ = group(planted_factors(), parameters())
    assert (np.diff(np.bincount(labels)) <= 0).all()


def test_movies_with_few_ratings_are_left_out() -> None:
    chosen, embeddings = choose(movies(), planted_factors(), parameters(min_ratings=70))
    assert chosen["n_ratings"].tolist() == list(range(70, 76))
    assert len(embeddings) == 6


def test_factors_are_normalized_only_if_asked_for() -> None:
    _, unit = choose(movies(), planted_factors(), parameters())
    _, raw = choose(movies(), planted_factors(), parameters(normalize=False))
    assert np.linalg.norm(unit, axis=1) == pytest.approx(np.ones(len(unit)))
    assert raw == pytest.approx(planted_factors()[1:])


def test_more_clusters_than_movies_are_refused() -> None:
    with pytest.raises(UserError, match="n_clusters is 10, but only 6 of 75 movies have min_ratings 70"):
        choose(movies(), planted_factors(), parameters(min_ratings=70, n_clusters=10))


def test_the_silhouette_is_left_out_where_it_is_not_defined() -> None:
    embeddings = planted_factors()
    assert score(embeddings, np.zeros(75, dtype=np.int64)) == {"smallest": 75, "largest": 75}
    assert score(embeddings[:3], np.arange(3)) == {"smallest": 1, "largest": 1}
    assert score(embeddings, PLANTED).keys() == {"silhouette", "smallest", "largest"}


def test_neighbours_stay_neighbours_on_the_map() -> None:
    _, embeddings = choose(movies(), planted_factors(), parameters(min_ratings=1))
    places = draw_map(embeddings, np.arange(75), seed=1)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag(np.full(75, np.inf))
    assert (PLANTED[distance.argmin(axis=1)] == PLANTED).mean() > 0.95


def test_only_the_best_known_are_put_on_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "MAPPED", 50)
    places = draw_map(planted_factors(), np.arange(75), seed=1)
    assert np.isnan(places[:25]).all()
    assert np.isfinite(places[25:]).all()


@pytest.mark.parametrize("shape", [(5, 3), (5, 1), (40, 1)])
def test_a_handful_of_movies_or_a_single_factor_has_a_map_too(shape: tuple[int, int]) -> None:
    places = draw_map(np.arange(np.prod(shape), dtype=float).reshape(shape), np.arange(shape[0]), seed=1)
    assert np.isfinite(places).all()
    assert len(np.unique(places, axis=0)) == shape[0]


def test_the_stage_writes_every_clustered_movie_the_same_bytes_each_time(tmp_path: Path) -> None:
    factors = torch.from_numpy(planted_factors()).float()
    zeros = torch.zeros(2), torch.zeros(len(factors)), torch.zeros(2, 3)
    (tmp_path / "model.pt").write_bytes(single(torch.tensor(3.5), *zeros, factors).serialize())
    movies().to_csv(tmp_path / "movies.csv", index=False)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({**DEFAULTS, "n_clusters": 3, "min_ratings": 5}))
    tags = pd.DataFrame({"movie": [10, 11, 12, 13], "tag": "odd", "n_users": [1, 2, 1, 1]})
    tags.to_csv(tmp_path / "tags.csv", index=False)
    names = ("model.pt", "movies.csv", "tags.csv", "clusters.csv", "c.json", "params.yaml")
    paths = [tmp_path / name for name in names]
    written = []
    for _ in range(2):
        cluster.main(*paths)
        written.append([path.read_bytes() for path in paths[3:5]])
    assert written[0] == written[1]
    table = read_movies(tmp_path / "clusters.csv")
    assert table["movie_id"].tolist() == list(range(5, 76))
    assert {"title", "year", "genres", "n_ratings", "mean_rating", "cluster", "name", "x", "y"} <= set(table)
    metrics = json.loads((tmp_path / "c.json").read_text())
    assert metrics["n_clustered"] == 71
    assert metrics["smallest"] == table["cluster"].value_counts().min()
    assert {"popularity_explained", "genre_coherence_z"} <= metrics.keys()
    assert table.groupby("cluster")["name"].nunique().eq(1).all()
    assert table["name"].nunique() == 3
