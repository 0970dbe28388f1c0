"""report: the listing and the plots say what the tables say, the same bytes each time."""

import io
import itertools
from pathlib import Path

import pandas as pd
import pytest
import yaml
from matplotlib.image import imread

from stages import charts, report
from stages.report import listing
from tests.stages_of_the_pipeline import DEFAULTS
from tests.test_cluster import movies

PLOTS = ["clusters.md", "data.png", "genres.png", "loss.csv", "loss.png", "map.png"]


def clustered(n_clusters: int = 2) -> pd.DataFrame:
    table = movies().head(12)
    cluster = [i % n_clusters for i in range(12)]
    return table.assign(cluster=cluster, name=[f"Kind {c}" for c in cluster], x=range(12), y=range(12))


def history(*validation: float | None) -> pd.DataFrame:
    epochs = range(1, len(validation) + 1)
    return pd.DataFrame({"epoch": epochs, "train_loss": 0.5, "validation_loss": validation})


def run(directory: Path, dataset: str = "ml-latest-small") -> dict[str, bytes]:
    movies().to_csv(directory / "movies.csv", index=False)
    clustered().to_csv(directory / "clusters.csv", index=False)
    history(0.9, 0.8).to_csv(directory / "history.csv", index=False)
    pd.DataFrame({"rating": [1.0, 2.0], "n_ratings": [3, 4]}).to_csv(directory / "h.csv", index=False)
    (directory / "params.yaml").write_text(yaml.safe_dump({**DEFAULTS, "dataset": dataset}))
    names = ("movies.csv", "h.csv", "history.csv", "clusters.csv", "plots", "params.yaml")
    report.main(*(directory / name for name in names))
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


def test_each_cluster_lists_its_most_rated_movies_first() -> None:
    text = listing(clustered(), n_movies=75, top_movies=2, label="a dataset")
    assert "12 of 75 rated movies" in text
    sections = text.split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections] == [
        "0. Kind 0",
        "1. Kind 1",
    ]
    assert sections[1].splitlines()[2:] == [
        "6 movies.",
        "",
        "| movie | year | genres | ratings | mean, stars |",
        "| --- | --- | --- | --: | --: |",
        "| Movie, The 11 | 2001 | Action, Drama | 12 | 3.50 |",
        "| Movie, The 9 | 1999 | Action, Drama | 10 | 3.50 |",
    ]


def test_titles_cannot_break_the_table() -> None:
    table = clustered(1).head(2).assign(title=["M*A*S*H | <b>", "Matrix, The"], year=None)
    text = listing(table, n_movies=2, top_movies=5, label="a dataset")
    assert r"| M\*A\*S\*H \| \<b> |  |" in text
    assert "| The Matrix |  |" in text


def size_of(png: bytes) -> tuple[int, ...]:
    return tuple(imread(io.BytesIO(png)).shape[:2])


@pytest.mark.parametrize("validation", [(0.9, 0.8, 0.85), (None, None), (0.9,)])
def test_the_loss_is_drawn_with_and_without_validation(validation: tuple[float | None, ...]) -> None:
    assert min(size_of(charts.loss(history(*validation).astype({"validation_loss": float}), "a"))) > 400


@pytest.mark.parametrize("n_clusters", [1, 2, 12])
def test_maps_are_drawn_for_any_number_of_clusters(n_clusters: int) -> None:
    table = clustered(n_clusters)
    assert min(size_of(charts.movie_map(table, "a"))) > 900
    assert min(size_of(charts.genres(table, "a"))) > 200


def test_movies_without_a_place_or_a_genre_are_no_obstacle() -> None:
    table = clustered().assign(genres="")
    table.loc[0, ["x", "y"]] = None
    assert charts.movie_map(table, "a")
    assert charts.genres(table, "a")


def test_a_title_with_dollars_is_no_formula() -> None:
    charts.movie_map(clustered().assign(title="Cash $ & Money $_"), "a")


def test_titles_on_the_map_do_not_cover_each_other() -> None:
    crowded = clustered().assign(x=[1.0] * 6 + [1.01] * 6, y=1.0)
    for table, fewest, most in ((crowded, 2, 6), (clustered(), 12, 12)):
        figure = charts.draw_movie_map(table, "a")
        boxes = [text.get_window_extent() for text in figure.axes[0].texts]
        assert fewest <= len(boxes) <= most
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
