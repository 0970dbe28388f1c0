"""Draws the plots: each function takes a table and gives the bytes of a PNG, the same each time."""

import io

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stages.movielens.catalogue import NO_GENRES

DPI = 120
COLOURS = list(mpl.style.library["petroff10"]["axes.prop_cycle"].by_key()["color"])
"""Ten colours that are told apart with every kind of colour vision (Petroff 2021)."""
STEPS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 50]
"""Ticks of errors on a logarithmic axis."""
STRONGEST = 2.0
"""Colours of the heat map end at 4 times as common and at a quarter."""


def loss(history: pd.DataFrame, label: str) -> bytes:
    """Training and validation error by epoch, on a logarithmic axis."""
    figure = new_figure(8, 4.5)
    axes = figure.add_subplot()
    epoch, validation = history["epoch"], history["validation_loss"]
    axes.plot(epoch, history["train_loss"], color=COLOURS[0], label="training")
    if validation.notna().any():
        axes.plot(epoch, validation, color=COLOURS[1], label="validation (not trained on)")
        best = int(validation.argmin())
        note = f"lowest on validation: {validation.iloc[best]:.3f} in epoch {epoch.iloc[best]}"
        axes.plot(epoch.iloc[best], validation.iloc[best], "o", color=COLOURS[1], label=note)
    axes.set(xlabel="epoch", ylabel="mean squared error (stars²)", title=f"Error by epoch, {label}")
    axes.set_yscale("log")
    axes.set_yticks(STEPS, [f"{step:g}" for step in STEPS])
    axes.minorticks_off()
    losses = history[["train_loss", "validation_loss"]].to_numpy(dtype=float)
    axes.set_ylim(0.9 * np.nanmin(losses), 1.1 * np.nanmax(losses))
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    return to_png(figure)


def data(histogram: pd.DataFrame, n_ratings: pd.Series, label: str) -> bytes:
    """How often each rating is given, and how the ratings are spread over the movies."""
    figure = new_figure(11, 4.5)
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    left.bar(histogram["rating"], histogram["n_ratings"], width=0.4, color=COLOURS[0])
    left.set(xlabel="rating (stars)", ylabel="number of ratings", title=f"Ratings, {label}")
    left.set_xticks(histogram["rating"])
    left.yaxis.set_major_formatter("{x:,.0f}")
    ranked = n_ratings.sort_values(ascending=False).to_numpy()
    right.loglog(np.arange(1, len(ranked) + 1), ranked, color=COLOURS[0])
    right.set(xlabel="movies, the most rated first", ylabel="ratings of the movie", title="The long tail")
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_formatter("{x:,.0f}")
    right.grid(alpha=0.3)
    half = int(np.searchsorted(ranked.cumsum(), ranked.sum() / 2)) + 1
    right.axvline(half, color=COLOURS[1], linestyle="--")
    share = f"{half:,} movies ({half / len(ranked):.0%})\nhave half of all ratings"
    right.annotate(share, (half, ranked[-1]), xytext=(-6, 4), textcoords="offset points", ha="right")
    return to_png(figure)


def genres(clustered: pd.DataFrame, label: str) -> bytes:
    """Clusters × genres: the share of a cluster's movies, coloured by how it compares with all movies."""
    has_genre = clustered["genres"].replace("", NO_GENRES).str.get_dummies("|").astype(float)
    has_genre = has_genre[has_genre.mean().sort_values(ascending=False, kind="stable").index]
    share = has_genre.groupby([clustered["cluster"], clustered["name"]]).mean()
    with np.errstate(divide="ignore"):
        surplus = np.log2((share / has_genre.mean()).to_numpy())
    figure = new_figure(5 + 0.62 * share.shape[1], 2 + 0.42 * len(share))
    axes = figure.add_subplot()
    image = axes.imshow(surplus, cmap="PuOr_r", vmin=-STRONGEST, vmax=STRONGEST, aspect="auto")
    for (row, column), value in np.ndenumerate(share.to_numpy()):
        strong = 0.7 * STRONGEST < abs(surplus[row, column]) < np.inf
        axes.text(
            column,
            row,
            f"{value:.0%}",
            ha="center",
            va="center",
            size=8,
            color="white" if strong else "black",
        )
    axes.set_xticks(range(share.shape[1]), share.columns, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(share)), [f"{name}  {cluster}" for cluster, name in share.index])
    axes.set_title(f"Share of each cluster's movies that have a genre, {label}")
    bar = figure.colorbar(image, ax=axes, pad=0.01)
    bar.set_ticks([-2, -1, 0, 1, 2], labels=["¼ ×", "½ ×", "as in all", "2 ×", "4 ×"])
    bar.set_label("compared with all clustered movies")
    return to_png(figure)


def numbers(curve: pd.DataFrame, chosen: int, label: str) -> bytes:
    """What speaks for each number of clusters, and which one was chosen."""
    figure = new_figure(11, 4.5)
    panels = {
        "higher is clearer, or more stable": {
            "silhouette": "silhouette",
            "stability": "stability: agreement of trainings with other seeds",
        },
        "standard deviations above chance": {
            "genre_coherence_z": "movies of a cluster share genres",
            "tag_coherence_z": "movies of a cluster share tags",
        },
    }
    for place, (unit, lines) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, 2, place)
        for colour, (column, name) in zip(COLOURS, lines.items(), strict=False):
            if curve[column].notna().any():
                axes.plot(curve["n_clusters"], curve[column], color=colour, label=name)
        axes.axvline(chosen, color="grey", linestyle="--", label=f"chosen: {chosen}")
        axes.set(xlabel="number of clusters", ylabel=unit)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", alpha=0.3)
        axes.legend(frameon=False)
    figure.suptitle(f"How good clusters are by their number, {label}")
    return to_png(figure)


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches, not known to pyplot, so that nothing global changes."""
    return Figure(figsize=(width, height), layout="constrained")


def to_png(figure: Figure) -> bytes:
    """The same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()
