"""report: the listing and the plots say what the tables say, the same bytes each time."""

import io
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.image import imread

from stages import report
from stages.clustering.nearest import NearestNeighbours
from stages.plotting import charts
from stages.plotting import map as movie_map
from tests.repository import DEFAULTS
from tests.test_places import make_places
from tests.test_points import movies

PLOTS = [
    "clusters.md",
    "data.png",
    "explorer.html",
    "genres.png",
    "loss.csv",
    "loss.png",
    "map.png",
    "n_clusters.csv",
    "n_clusters.png",
]


def clustered(n_clusters: int = 2) -> pd.DataFrame:
    table = movies().head(12)
    cluster = [i % n_clusters for i in range(12)]
    named = table.assign(cluster=cluster, name=[f"Kind {c}, 1990–{2000 + c}" for c in cluster])
    return named.assign(x=range(12), y=range(12), expected=3.0, deviation=0.1, distance=range(12))


def curve(**columns: float | None) -> pd.DataFrame:
    scores = {
        "silhouette": 0.2,
        "stability": 0.5,
        "genre_coherence_z": 20.0,
        "tag_coherence_z": 9.0,
        "popularity_explained": 0.1,
    }
    return pd.DataFrame({"n_clusters": range(2, 6), **scores, **columns})


def history(*validation: float | None) -> pd.DataFrame:
    epochs = range(1, len(validation) + 1)
    return pd.DataFrame({"epoch": epochs, "train_loss": 0.5, "validation_loss": validation})


def run(directory: Path, dataset: str = "ml-latest-small") -> dict[str, bytes]:
    movies().to_csv(directory / "movies.csv", index=False)
    clustered().to_csv(directory / "clusters.csv", index=False)
    history(0.9, 0.8).to_csv(directory / "history.csv", index=False)
    pd.DataFrame({"rating": [1.0, 2.0], "n_ratings": [3, 4]}).to_csv(directory / "h.csv", index=False)
    words = {"cluster": [0], "word": ["Action"], "share": [0.5], "elsewhere": [0.25]}
    pd.DataFrame(words).to_csv(directory / "words.csv", index=False)
    points = NearestNeighbours(np.arange(12), np.eye(12)[:, :3] + 1)
    (directory / "points.npy").write_bytes(make_places(points).serialize())
    curve().to_csv(directory / "curve.csv", index=False)
    (directory / "params.yaml").write_text(yaml.safe_dump({**DEFAULTS, "dataset": dataset}))
    names = "movies.csv h.csv history.csv clusters.csv words.csv points.npy curve.csv plots params.yaml"
    report.main(*(directory / name for name in names.split()))
    return {path.name: path.read_bytes() for path in sorted((directory / "plots").iterdir())}


def test_the_stage_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    first = run(tmp_path)
    assert list(first) == PLOTS
    assert run(tmp_path) == first
    assert first["loss.csv"] == b"epoch,train_loss,validation_loss\n1,0.5,0.9\n2,0.5,0.8\n"


def test_generated_ratings_are_called_so(tmp_path: Path) -> None:
    plots = run(tmp_path, "synthetic-5k")
    assert plots["clusters.md"].startswith(b"# 2 clusters of movies in synthetic-5k (generated ratings)\n")
    assert plots["map.png"] != run(tmp_path)["map.png"]


def size_of(png: bytes) -> tuple[int, ...]:
    return tuple(imread(io.BytesIO(png)).shape[:2])


@pytest.mark.parametrize("validation", [(0.9, 0.8, 0.85), (None, None), (0.9,)])
def test_the_loss_is_drawn_with_and_without_validation(validation: tuple[float | None, ...]) -> None:
    assert min(size_of(charts.loss(history(*validation).astype({"validation_loss": float}), "a"))) > 400


@pytest.mark.parametrize("n_clusters", [1, 2, 12])
def test_maps_are_drawn_for_any_number_of_clusters(n_clusters: int) -> None:
    table = clustered(n_clusters)
    assert min(size_of(movie_map.movie_map(table, "a"))) > 900
    assert min(size_of(charts.genres(table, "a"))) > 200


def test_movies_without_a_place_or_a_genre_are_no_obstacle() -> None:
    table = clustered().assign(genres="")
    table.loc[0, ["x", "y"]] = None
    assert movie_map.movie_map(table, "a")
    assert charts.genres(table, "a")


def test_a_title_with_dollars_is_no_formula() -> None:
    movie_map.movie_map(clustered().assign(title="Cash $ & Money $_"), "a")


@pytest.mark.parametrize("columns", [{}, {"stability": None}, {"tag_coherence_z": None, "silhouette": None}])
def test_the_numbers_of_clusters_are_drawn_with_what_could_be_measured(
    columns: dict[str, float | None],
) -> None:
    assert min(size_of(charts.numbers(curve(**columns), 3, "a"))) > 400


def test_the_page_lists_the_nearest_movies_that_are_on_the_map() -> None:
    table = clustered()
    table.loc[table["movie"] == 5, ["x", "y"]] = None
    places = np.stack([np.cos(np.arange(12) / 10), np.sin(np.arange(12) / 10)], axis=1)
    found = report.neighbours(table, NearestNeighbours(np.arange(12), places))
    assert 5 not in found.to_numpy()
    nearest = found.loc[found["movie"] == 4, "neighbour"].tolist()
    assert nearest[0] == 3
    assert set(nearest[1:3]) == {2, 6}


def test_titles_and_names_on_the_map_do_not_cover_each_other() -> None:
    crowded = clustered().assign(x=[1.0] * 6 + [1.01] * 6, y=1.0)
    for table, fewest in ((crowded, 4), (clustered(), 10)):
        figure = movie_map.draw_movie_map(table, "a")
        boxes = [text.get_window_extent() for text in figure.axes[0].texts]
        assert len(boxes) >= fewest
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_every_cluster_is_named_on_the_map() -> None:
    texts = [text.get_text() for text in movie_map.draw_movie_map(clustered(), "a").axes[0].texts]
    assert {"0. Kind 0\n1990–2000", "1. Kind 1\n1990–2001"} <= set(texts)
