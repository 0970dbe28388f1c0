"""Charts of the data, the training and the clusters."""

import io

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stages.movielens.catalogue import NO_GENRES

COLOURS = list(mpl.style.library["petroff10"]["axes.prop_cycle"].by_key()["color"])
"""Ten colours that can be told apart with every kind of colour vision (Petroff 2021)."""

mpl.rcParams["text.parse_math"] = False  # a "$" in a title, genre or tag does not start a formula


def loss(history: pd.DataFrame, label: str) -> Figure:
    """Training and validation error by epoch, on a logarithmic axis."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    epoch, validation = history["epoch"], history["validation_loss"]
    axes.plot(epoch, history["train_loss"], color=COLOURS[0], label="training")
    if validation.notna().any():
        axes.plot(epoch, validation, color=COLOURS[1], label="validation (not trained on)")
        best = int(validation.argmin())
        note = f"lowest validation error: {validation.iloc[best]:.3f} in epoch {epoch.iloc[best]}"
        axes.plot(epoch.iloc[best], validation.iloc[best], "o", color=COLOURS[1], label=note)
    axes.set(xlabel="epoch", ylabel="mean squared error (stars²)", title=f"Error by epoch, {label}")
    ticks = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 50]
    axes.set_yscale("log")
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    losses = history[["train_loss", "validation_loss"]].to_numpy(dtype=float)
    axes.set_ylim(0.9 * np.nanmin(losses), 1.1 * np.nanmax(losses))
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    return figure


def data(histogram: pd.DataFrame, n_ratings: pd.Series, label: str) -> Figure:
    """How often each rating is given, and the number of ratings by the rank of the movie."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.bar(histogram["rating"], histogram["n_ratings"], width=0.4, color=COLOURS[0])
    left.set(xlabel="rating (stars)", ylabel="number of ratings", title=f"Ratings, {label}")
    left.set_xticks(histogram["rating"])
    left.yaxis.set_major_formatter("{x:,.0f}")
    ranked = n_ratings.sort_values(ascending=False).to_numpy()
    right.loglog(np.arange(1, len(ranked) + 1), ranked, color=COLOURS[0])
    right.set(xlabel="movies, the most rated first", ylabel="ratings of the movie", title="The long tail")
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_formatter("{x:,.0f}")
        axis.set_minor_formatter("")
    right.grid(alpha=0.3)
    half = int(np.searchsorted(ranked.cumsum(), ranked.sum() / 2)) + 1
    right.axvline(half, color=COLOURS[1], linestyle="--")
    share = f"{half:,} movies ({half / len(ranked):.0%})\nhave half of all ratings"
    right.annotate(share, (half, ranked[-1]), xytext=(-6, 4), textcoords="offset points", ha="right")
    return figure


def genres(clustered: pd.DataFrame, label: str) -> Figure:
    """Clusters × genres: the share of a cluster's movies, coloured by the ratio to that of all movies."""
    has_genre = clustered["genres"].replace("", NO_GENRES).str.get_dummies("|").astype(float)
    has_genre = has_genre[has_genre.mean().sort_values(ascending=False, kind="stable").index]
    share = has_genre.groupby([clustered["cluster"], clustered["name"]]).mean()
    with np.errstate(divide="ignore"):
        log_ratio = np.log2((share / has_genre.mean()).to_numpy())
    figure = Figure(figsize=(5 + 0.62 * share.shape[1], 2 + 0.42 * len(share)), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(log_ratio, cmap="PuOr_r", vmin=-2, vmax=2, aspect="auto")
    for (row, column), value in np.ndenumerate(share.to_numpy()):
        colour = "white" if 1.4 < abs(log_ratio[row, column]) < np.inf else "black"
        axes.text(column, row, f"{value:.0%}", ha="center", va="center", size=8, color=colour)
    axes.set_xticks(range(share.shape[1]), share.columns, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(share)), [f"{name}  {cluster}" for cluster, name in share.index])
    axes.set_title(f"Share of each cluster's movies that have a genre, {label}")
    bar = figure.colorbar(image, ax=axes, pad=0.01)
    bar.set_ticks([-2, -1, 0, 1, 2], labels=["¼ ×", "½ ×", "1 ×", "2 ×", "4 ×"])
    bar.set_label("compared with all clustered movies")
    return figure


def numbers(curve: pd.DataFrame, chosen: int, label: str) -> Figure:
    """Cluster metrics by the number of clusters, and the number that was chosen."""
    scores = {"silhouette": "silhouette", "stability": "stability: agreement between seeds"}
    z_scores = {"genre_coherence_z": "coherence of genres", "tag_coherence_z": "coherence of tags"}
    panels = {"higher is better": scores, "standard deviations above chance": z_scores}
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    for axes, (unit, lines) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        for colour, (column, name) in zip(COLOURS, lines.items(), strict=False):
            unknown = "" if curve[column].notna().any() else " (not measured)"
            axes.plot(curve["n_clusters"], curve[column], color=colour, label=name + unknown)
        axes.axvline(chosen, color="grey", linestyle="--", label=f"chosen: {chosen}")
        axes.set(xlabel="number of clusters", ylabel=unit)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", alpha=0.3)
        axes.legend(frameon=False)
    figure.suptitle(f"Cluster metrics by number of clusters, {label}")
    return figure


def to_png(figure: Figure) -> bytes:
    """The same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()
