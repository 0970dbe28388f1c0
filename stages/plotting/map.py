"""The map of the movies, with the names of the clusters and the titles for which there is room."""

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from stages.movielens.title_format import spoken
from stages.plotting.charts import COLOURS, WIDTH, two_lines

MAX_TITLES = 150
MARKERS = "os^Dv"  # from the eleventh cluster on, the colours are repeated with the next marker
SIDES = [((4, 0), "left", "center"), ((-4, 0), "right", "center")]  # of a dot: offset in points, alignment
SIDES += [((0, 4), "center", "bottom"), ((0, -4), "center", "top")]
SIDES += [((3, 3), "left", "bottom"), ((3, -3), "left", "top")]
SIDES += [((-3, 3), "right", "bottom"), ((-3, -3), "right", "top")]
GRID, PIXELS_PER_DOT = 100, 8  # places for a name in each direction; how far it moves to cover a dot less

Dots = Float[np.ndarray, "movies 2"]  # in pixels


def movie_map(clustered: pd.DataFrame, label: str) -> Figure:
    """The movies by position (x, y), coloured by cluster, with the best-known titles."""
    figure = Figure(figsize=(WIDTH, WIDTH), layout="constrained")
    axes = figure.add_subplot()
    shown = clustered[clustered["x"].notna()]
    size = 3 + 50 * shown["n_ratings"] / shown["n_ratings"].max()
    for _, movies in shown.groupby("cluster"):
        repeat, colour = divmod(movies["cluster"].iloc[0], len(COLOURS))
        style: Any = {"marker": MARKERS[repeat % len(MARKERS)], "linewidths": 0}
        axes.scatter(movies["x"], movies["y"], size[movies.index], COLOURS[colour], **style)
    title = f"Movies that the same people watch and like are close to each other, {label}"
    axes.set(xticks=[], yticks=[], title=title, xlabel="large distances are not meaningful")
    axes.margins(0.03)
    FigureCanvasAgg(figure).draw()  # the layout, in which texts have an extent
    axes.autoscale(enable=False)
    dots = axes.transData.transform(shown[["x", "y"]])
    taken = _write_names(axes, shown, dots)
    best_known = shown.sort_values("n_ratings", ascending=False, kind="stable").head(MAX_TITLES)
    _write_titles(axes, best_known, dots, taken)
    return figure


def _write_names(axes: Axes, shown: pd.DataFrame, dots: Dots) -> list[Bbox]:
    """Write each cluster's name where it covers few dots, with a line to where most of its movies are."""
    taken: list[Bbox] = []
    corners, to_data = np.asarray(axes.bbox.get_points()), axes.transData.inverted()
    places = np.stack(np.meshgrid(*np.linspace(corners[0], corners[1], GRID).T), axis=-1).reshape(-1, 2)
    for cluster, name in sorted({*zip(shown["cluster"], shown["name"], strict=True)}):
        own = dots[shown["cluster"] == cluster]
        middle = own[(cdist(own, own) ** 0.5).sum(axis=1).argmin()]
        colour = COLOURS[cluster % len(COLOURS)]
        text = axes.text(0, 0, two_lines(cluster, name), color=colour, size=9, weight="bold", zorder=4)
        text.set(ha="center", va="center")
        text.set_path_effects([withStroke(linewidth=3, foreground="white")])
        half = np.array(text.get_window_extent().padded(2).size) / 2
        covered = cKDTree(dots / half).query_ball_point(places / half, 1, p=np.inf, return_length=True)
        cost = np.linalg.norm(places - middle, axis=1) + PIXELS_PER_DOT * covered
        cost[(abs(places - corners.mean(axis=0)) + half > np.ptp(corners, axis=0) / 2).any(axis=1)] = np.inf
        for box in taken:
            near = abs(places - (box.p0 + box.p1) / 2) < half + np.array(box.size) / 2
            cost[near.all(axis=1)] = np.inf
        place = places[cost.argmin()]
        taken.append(Bbox([place - half, place + half]))
        ends = to_data.transform([place, middle])
        text.set_position(tuple(ends[0]))
        axes.plot(*ends.T, color=colour, linewidth=0.8)
    return taken


def _write_titles(axes: Axes, movies: pd.DataFrame, dots: Dots, taken: list[Bbox]) -> None:
    """Write each title on the first side of its dot where it covers nothing, or not at all."""
    for title, x, y in movies[["title", "x", "y"]].itertuples(index=False):
        text = axes.annotate(spoken(title), (x, y), (0, 0), textcoords="offset points", size=7, color="0.2")
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])
        for offset, horizontal, vertical in SIDES:
            text.set(position=offset, ha=horizontal, va=vertical)
            box = text.get_window_extent().padded(1)
            inside = axes.bbox.containsx(box.x0) and axes.bbox.containsx(box.x1)
            free = not ((dots > box.p0) & (dots < box.p1)).all(axis=1).any()
            if inside and free and not box.count_overlaps(taken):
                taken.append(box)
                break
        else:
            text.remove()
