"""The map of the movies, with the names of the clusters and the titles for which there is room."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from stages.movielens.title_format import spoken
from stages.plotting.charts import COLOURS

MAX_TITLES = 80
MARKERS = "os^Dv"  # from the eleventh cluster on, the colours are repeated with the next marker
SIDES = [((5, 0), "left", "center"), ((-5, 0), "right", "center")]  # of a dot: offset in points, alignment
SIDES += [((0, 5), "center", "bottom"), ((0, -5), "center", "top")]


def movie_map(clustered: pd.DataFrame, label: str) -> Figure:
    """The movies by position (x, y), coloured by cluster, with the best-known titles."""
    figure = Figure(figsize=(13, 11), layout="constrained")
    axes = figure.add_subplot()
    shown = clustered[clustered["x"].notna()]
    for cluster, movies in shown.groupby("cluster"):
        repeat, colour = divmod(movies["cluster"].iloc[0], len(COLOURS))
        marker, name = MARKERS[repeat % len(MARKERS)], f"{cluster}. {movies['name'].iloc[0]}"
        size = 4 + 60 * movies["n_ratings"] / shown["n_ratings"].max()
        axes.scatter(
            movies["x"],
            movies["y"],
            size,
            COLOURS[colour],
            marker=marker,
            alpha=0.75,
            linewidths=0,
            label=name,
        )
    title = f"Movies that the same people watch and like are close to each other, {label}"
    axes.set(xticks=[], yticks=[], title=title, xlabel="large distances are not meaningful")
    axes.margins(0.03)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.04), ncols=3, frameon=False, markerscale=1.5)
    FigureCanvasAgg(figure).draw()  # the layout, in which texts have an extent
    taken = _write_names(axes, shown)
    best_known = shown.sort_values("n_ratings", ascending=False, kind="stable").head(MAX_TITLES)
    _write_titles(axes, best_known, taken)
    return figure


def _write_names(axes: Axes, shown: pd.DataFrame) -> list[Bbox]:
    """Write each cluster's name at the median of its movies, moved up or down to avoid other names."""
    taken: list[Bbox] = []
    for cluster, movies in shown.groupby("cluster"):
        x, y = movies[["x", "y"]].median()
        terms, comma, period = movies["name"].iloc[0].rpartition(", ")
        lines = f"{cluster}. {terms}" + ("\n" if comma else "") + period
        text = axes.text(x, y, lines, ha="center", va="center", size=10, weight="bold", zorder=4)
        text.set_path_effects([withStroke(linewidth=4, foreground="white")])
        height = text.get_window_extent().transformed(axes.transData.inverted()).height
        for step in (0, 1, -1, 2, -2, 3, -3):
            text.set_y(y + step * height)
            box = text.get_window_extent().padded(2)
            if not box.count_overlaps(taken):
                break
        taken.append(box)
    return taken


def _write_titles(axes: Axes, movies: pd.DataFrame, taken: list[Bbox]) -> None:
    """Write each title on the first side of its dot where it overlaps nothing, or not at all."""
    for title, x, y in movies[["title", "x", "y"]].itertuples(index=False):
        text = axes.annotate(spoken(title), (x, y), (0, 0), textcoords="offset points", size=8, color="0.3")
        for offset, horizontal, vertical in SIDES:
            text.set(position=offset, ha=horizontal, va=vertical)
            box = text.get_window_extent().padded(1)
            inside = axes.bbox.containsx(box.x0) and axes.bbox.containsx(box.x1)
            if inside and not box.count_overlaps(taken):
                taken.append(box)
                break
        else:
            text.remove()
