"""The map of the movies, with the names of the clusters and the titles for which there is room."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from scipy.spatial.distance import cdist

from stages.movielens.title_format import spoken
from stages.plotting.charts import COLOURS, WIDTH, two_lines

MAX_TITLES = 80
MARKERS = "os^Dv"  # from the eleventh cluster on, the colours are repeated with the next marker
SIDES = [((4, 0), "left", "center"), ((-4, 0), "right", "center")]  # of a dot: offset in points, alignment
SIDES += [((0, 4), "center", "bottom"), ((0, -4), "center", "top")]


def movie_map(clustered: pd.DataFrame, label: str) -> Figure:
    """The movies by position (x, y), coloured by cluster, with the best-known titles."""
    figure = Figure(figsize=(WIDTH, WIDTH), layout="constrained")
    axes = figure.add_subplot()
    shown = clustered[clustered["x"].notna()]
    size = 3 + 50 * shown["n_ratings"] / shown["n_ratings"].max()
    for _, movies in shown.groupby("cluster"):
        repeat, colour = divmod(movies["cluster"].iloc[0], len(COLOURS))
        marker = MARKERS[repeat % len(MARKERS)]
        axes.scatter(
            movies["x"], movies["y"], size[movies.index], COLOURS[colour], marker=marker, linewidths=0
        )
    title = f"Movies that the same people watch and like are close to each other, {label}"
    axes.set(xticks=[], yticks=[], title=title, xlabel="large distances are not meaningful")
    axes.margins(0.03)
    FigureCanvasAgg(figure).draw()  # the layout, in which texts have an extent
    taken = _write_names(axes, shown)
    best_known = shown.sort_values("n_ratings", ascending=False, kind="stable").head(MAX_TITLES)
    _write_titles(axes, best_known, taken)
    return figure


def _write_names(axes: Axes, shown: pd.DataFrame) -> list[Bbox]:
    """Write each cluster's name where most of its movies are, moved up or down to avoid other names."""
    taken: list[Bbox] = []
    left, right = axes.get_xlim()
    for _, movies in shown.groupby("cluster"):
        cluster, name = movies[["cluster", "name"]].iloc[0]
        position = movies[["x", "y"]].to_numpy()
        x, y = position[(cdist(position, position) ** 0.5).sum(axis=1).argmin()]
        text = axes.text(x, y, two_lines(int(cluster), name), ha="center", va="center", size=9, weight="bold")
        text.set(color=COLOURS[cluster % len(COLOURS)], zorder=4)
        text.set_path_effects([withStroke(linewidth=4, foreground="white")])
        extent = text.get_window_extent().transformed(axes.transData.inverted())
        text.set_x(np.clip(x, left + extent.width / 2, right - extent.width / 2))
        for step in (0, 1, -1, 2, -2, 3, -3):
            text.set_y(y + step * extent.height)
            box = text.get_window_extent().padded(2)
            if not box.count_overlaps(taken):
                break
        taken.append(box)
    return taken


def _write_titles(axes: Axes, movies: pd.DataFrame, taken: list[Bbox]) -> None:
    """Write each title on the first side of its dot where it overlaps nothing, or not at all."""
    for title, x, y in movies[["title", "x", "y"]].itertuples(index=False):
        text = axes.annotate(spoken(title), (x, y), (0, 0), textcoords="offset points", size=7, color="0.2")
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])
        for offset, horizontal, vertical in SIDES:
            text.set(position=offset, ha=horizontal, va=vertical)
            box = text.get_window_extent().padded(1)
            inside = axes.bbox.containsx(box.x0) and axes.bbox.containsx(box.x1)
            if inside and not box.count_overlaps(taken):
                taken.append(box)
                break
        else:
            text.remove()
