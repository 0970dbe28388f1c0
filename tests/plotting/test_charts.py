"""Charts exist for any data, and draw text as it is."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from stages.plotting import charts
from stages.plotting.map import movie_map
from tests.plotting.builders import clustered, contrast

METRICS = ("silhouette", "stability", "genre_coherence_z", "tag_coherence_z")
CURVE = pd.DataFrame({"n_clusters": range(2, 6), **dict.fromkeys(METRICS, 0.5)})


def texts(figure: Figure) -> str:
    """All texts of the figure, which is at most 1,000 pixels wide."""
    assert int.from_bytes(charts.to_png(figure)[16:20], "big") <= 1_000  # the width in the header of a PNG
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def losses(validation: list[float | None], burn_in: int = 1) -> pd.DataFrame:
    table = pd.DataFrame({"epoch": [1, 2, 3], "train_loss": 0.25})
    return table.assign(validation_loss=pd.Series(validation, dtype=float), burn_in=table["epoch"] <= burn_in)


@pytest.mark.parametrize("validation", [[0.81, 0.64, 0.7], [None, None, None]])
def test_the_lowest_validation_error_is_marked_in_stars(validation: list[float | None]) -> None:
    figure = charts.loss(losses(validation), None, "a dataset")
    assert ("0.800 in epoch 2" in texts(figure)) == (0.64 in validation)


def test_the_best_baseline_in_validation_is_a_line_and_the_burn_in_is_shaded() -> None:
    shown = texts(charts.loss(losses([0.9, 0.8, 0.7]), ("neighbours", 0.87), "a dataset"))
    assert "0.870 by neighbours" in shown
    assert "burn-in" in shown
    assert "burn-in" not in texts(charts.loss(losses([0.9, 0.8, 0.7], burn_in=0), None, "a dataset"))


@pytest.mark.parametrize("background", ["#ffffff", "#fbfaf7", "#16181c"])
def test_the_colours_contrast_with_light_and_dark_backgrounds(background: str) -> None:
    assert len(set(charts.COLOURS)) == 10
    assert all(contrast(colour, background) >= 3 for colour in charts.COLOURS)


@pytest.mark.parametrize(("curve", "n"), [(CURVE, 0), (CURVE.assign(stability=None), 1), (CURVE[:0], 4)])
def test_metrics_that_were_not_measured_are_marked(curve: pd.DataFrame, n: int) -> None:
    assert texts(charts.numbers(curve, 3, "a dataset")).count("not measured") == n


@pytest.mark.parametrize("n_clusters", [1, 12])
def test_every_cluster_has_its_genres_and_is_on_the_map(n_clusters: int) -> None:
    table = clustered(12, n_clusters).assign(genres=["War", ""] * 6)
    assert ("50" in texts(charts.genres(table, "a dataset")).split()) == (n_clusters == 1)
    table.loc[table["movie"] == 11, ["x", "y"]] = None
    assert texts(movie_map(table, "a dataset")).count("Kind") == min(n_clusters, 11)


def test_a_dollar_does_not_start_a_formula() -> None:
    odd = "$x^$ <b>"
    table = clustered().assign(title=odd, genres=odd, name=odd)
    for figure in (movie_map(table, odd), charts.genres(table, odd), charts.numbers(CURVE, 3, odd)):
        assert odd in texts(figure)


def test_texts_on_the_map_do_not_overlap_and_where_there_is_room_titles_cover_no_dot_and_names_one() -> None:
    rng, table = np.random.default_rng(0), clustered(60, 2)
    table["x"], table["y"] = rng.normal(0, 1, 60) + 9 * table["cluster"], rng.normal(0, 1, 60)
    for crowded in (table, clustered(), clustered().assign(x=[1.0] * 6 + [1.01] * 6, y=1.0)):
        axes = movie_map(crowded, "a dataset").axes[0]
        boxes = [(text.get_text(), text.get_window_extent()) for text in axes.texts]
        assert len(boxes) >= (20 if crowded is table else 3)
        assert not any(one.overlaps(other) for (_, one), (_, other) in itertools.combinations(boxes, 2))
        if crowded is table:
            dots = axes.transData.transform(table[["x", "y"]])
            assert all(sum(box.contains(*dot) for dot in dots) <= ("Kind" in text) for text, box in boxes)


def test_a_text_in_another_script_is_drawn_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    drawn = charts.drawable("千と千尋 Léon")
    assert drawn == "□□□□ Léon"
    texts(movie_map(clustered().assign(title=drawn, name=drawn), drawn))
    assert not recwarn.list
