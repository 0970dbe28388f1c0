"""Draws the map of the movies, on which the best-known titles and the clusters are named without overlap."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from stages.movielens.title_format import spoken
from stages.plotting.charts import COLOURS, new_figure, to_png

TITLES = 80
"""Titles that are tried on the map, the best-known first; those for which there is no room are left out."""
MARKERS = "os^Dv"
"""With more than ten clusters, the colours come again with another shape."""


def movie_map(clustered: pd.DataFrame, label: str) -> bytes:
    """The movies in the plane, coloured by cluster, the best-known titles written in."""
    return to_png(draw_movie_map(clustered, label))


def draw_movie_map(clustered: pd.DataFrame, label: str) -> Figure:
    """The figure that `movie_map` saves."""
    figure = new_figure(13, 11)
    axes = figure.add_subplot()
    placed = clustered[clustered["x"].notna()]
    for cluster in sorted(placed["cluster"].unique()):
        movies = placed[placed["cluster"] == cluster]
        again, colour = divmod(cluster, len(COLOURS))
        size = 4 + 60 * movies["n_ratings"] / placed["n_ratings"].max()
        axes.scatter(
            movies["x"],
            movies["y"],
            s=size,
            c=COLOURS[colour],
            marker=MARKERS[again % len(MARKERS)],
            alpha=0.75,
            linewidths=0,
            label=f"{cluster}. {movies['name'].iloc[0]}",
        )
    axes.set(
        xticks=[], yticks=[], title=f"Movies that the same people watch and like lie near each other, {label}"
    )
    axes.margins(0.03)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.04), ncols=3, frameon=False, markerscale=1.5)
    axes.set_xlabel("neighbours are watched and liked by the same people; far distances mean little")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    taken = _write_names(canvas, axes, placed)
    best_known = placed.sort_values("n_ratings", ascending=False, kind="stable").head(TITLES)
    _write_titles(canvas, axes, best_known, taken)
    return figure


def _write_names(canvas: FigureCanvasAgg, axes: Axes, placed: pd.DataFrame) -> list[Bbox]:
    """Write each cluster's name amid its movies, moved up or down where it would cover another."""
    taken: list[Bbox] = []
    for (cluster, name), movies in placed.groupby(["cluster", "name"]):
        words, _, period = str(name).rpartition(", ")
        text = axes.text(
            movies["x"].median(),
            movies["y"].median(),
            f"{cluster}. {words or name}" + (f"\n{period}" if words else ""),
            ha="center",
            va="center",
            size=10,
            weight="bold",
            path_effects=[withStroke(linewidth=4, foreground="white")],
            zorder=4,
            parse_math=False,
        )
        for step in (0, 1, -1, 2, -2, 3, -3):
            text.set_position(
                (movies["x"].median(), movies["y"].median() + step * _height(axes, text, canvas))
            )
            box = text.get_window_extent(canvas.get_renderer()).padded(2)
            if not any(box.overlaps(other) for other in taken):
                break
        taken.append(box)
    return taken


def _height(axes: Axes, text: Text, canvas: FigureCanvasAgg) -> float:
    """Of a text, in the units of the map."""
    box = text.get_window_extent(canvas.get_renderer()).transformed(axes.transData.inverted())
    return float(box.height)


def _write_titles(canvas: FigureCanvasAgg, axes: Axes, movies: pd.DataFrame, taken: list[Bbox]) -> None:
    """Write each title on that side of its dot where it covers nothing in `taken`, if there is one."""
    sides = [((5, 0), "left", "center"), ((-5, 0), "right", "center")]
    sides += [((0, 5), "center", "bottom"), ((0, -5), "center", "top")]
    for title, x, y in movies[["title", "x", "y"]].itertuples(index=False):
        for offset, horizontal, vertical in sides:
            text = axes.annotate(
                spoken(title),
                (x, y),
                xytext=offset,
                textcoords="offset points",
                ha=horizontal,
                va=vertical,
                size=8,
                color="0.3",
                parse_math=False,
            )
            box = text.get_window_extent(canvas.get_renderer()).padded(1)
            inside = axes.bbox.containsx(box.x0) and axes.bbox.containsx(box.x1)
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()
