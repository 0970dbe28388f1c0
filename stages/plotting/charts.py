"""Charts of the data, the training and the clusters."""

import io

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from stages.movielens.catalogue import NO_GENRES

COLOURS = "#0b9bc8 #de6f0b #4359e9 #b1377a #7a8564 #b16fff #d32121 #9043bc #4e6f16 #bc6f9b".split()
"""Of clusters, by number. The contrast is 3 or more on white, #fbfaf7 and #16181c. Any two differ by 0.12 or
more in OKLab, by 0.07 or more with a colour blindness; those of consecutive clusters differ most."""
WIDTH = 8.3  # inches: two figures fit side by side in a browser

FONT = get_font(findfont("DejaVu Sans"))

mpl.rcParams["text.parse_math"] = False  # a "$" in a title, genre or tag does not start a formula
mpl.rcParams["font.size"] = 9


def loss(history: pd.DataFrame, baseline: tuple[str, float] | None, label: str) -> Figure:
    """Root mean squared errors by epoch, with the burn-in shaded, and the validation error of a baseline."""
    figure = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    axes = figure.add_subplot()
    epoch, validation = history["epoch"], history["validation_loss"] ** 0.5
    axes.plot(epoch, history["train_loss"] ** 0.5, color=COLOURS[0], label="training")
    if validation.notna().any():
        best = int(validation.argmin())
        note = f"validation (not trained on), lowest: {validation.iloc[best]:.3f} in epoch {epoch.iloc[best]}"
        axes.plot(epoch, validation, "-o", color=COLOURS[1], markevery=[best], label=note)
    if baseline:
        note = "validation, best baseline: {1:.3f} by {0}".format(*baseline)
        axes.axhline(baseline[1], color="0.4", linestyle="--", label=note)
    if history["burn_in"].any():
        end = history["burn_in"].sum() + 0.5
        axes.axvspan(0.5, end, color="0.93", label="burn-in: draws that are not kept")
        note = "from here on, validation predictions are averages of all draws that are kept"
        height = validation.iloc[int(end) - 1]
        axes.annotate(note, (end, height), (6, 0), textcoords="offset points", va="center")
    axes.set(xlabel="epoch", ylabel="root mean squared error (stars)", title=f"Error by epoch, {label}")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.grid(axis="y", which="both", alpha=0.3)
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return figure


def data(histogram: pd.DataFrame, n_ratings: pd.Series, label: str) -> Figure:
    """How often each rating is given, and the number of ratings by the rank of the movie."""
    figure = Figure(figsize=(WIDTH, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.bar(histogram["rating"], histogram["n_ratings"], width=0.4, color=COLOURS[0])
    left.set(xlabel="rating (stars)", ylabel="number of ratings", xticks=histogram["rating"])
    left.set_title(f"Ratings, {label}")
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
    log_ratio = np.log2((share / has_genre.mean()).clip(0.25, 4).to_numpy())
    figure = Figure(figsize=(WIDTH, 1.6 + 0.4 * len(share)), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(log_ratio, cmap="PuOr_r", vmin=-2, vmax=2, aspect="auto")
    for (row, column), value in np.ndenumerate(share.to_numpy()):
        colour = "white" if abs(log_ratio[row, column]) > 1.4 else "black"
        axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", size=8, color=colour)
    axes.set_xticks(range(share.shape[1]), share.columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(share)), [two_lines(int(cluster), name) for cluster, name in share.index])
    axes.set_title(f"Percentage of each cluster's movies that have a genre, {label}")
    note = "compared with all clustered movies"
    bar = figure.colorbar(image, ax=axes, location="bottom", aspect=40, pad=0.01, label=note)
    bar.set_ticks([-2, -1, 0, 1, 2], labels=["≤ ¼ ×", "½ ×", "1 ×", "2 ×", "≥ 4 ×"])
    return figure


def numbers(curve: pd.DataFrame, chosen: int, label: str) -> Figure:
    """Cluster metrics by the number of clusters: means and ranges over the fits, and the chosen number."""
    panels = {
        "stability": "stability: agreement between seeds (AMI)",
        "silhouette": "silhouette",
        "genre_coherence_z": "coherence of genres (z)",
        "tag_coherence_z": "coherence of tags (z)",
    }
    figure = Figure(figsize=(WIDTH, 5.6), layout="constrained")
    by_number = curve.astype(float).groupby("n_clusters")
    places = zip(figure.subplots(2, 2).flat, COLOURS, panels.items(), strict=False)
    for axes, colour, (column, name) in places:
        mean, low, high = (getattr(by_number[column], each)() for each in ("mean", "min", "max"))
        axes.fill_between(mean.index, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(mean, "-o", color=colour, markersize=3)
        axes.axvline(chosen, color="0.4", linestyle="--", linewidth=1)
        axes.set_title(name if mean.notna().any() else f"{name}: not measured")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y", alpha=0.3)
    figure.suptitle(f"Cluster metrics by number of clusters, {label}")
    note = f"number of clusters (dashed: chosen, {chosen}; shaded: range over fits with other seeds)"
    figure.supxlabel(note, size="medium")
    return figure


def two_lines(cluster: int, name: str) -> str:
    """The number and name of a cluster, with its films below."""
    return f"{cluster}. {name}".replace(": ", "\n", 1)


def drawable(text: str) -> str:
    """The text with a box for each character of which the font has no glyph."""
    return "".join(each if each.isspace() or FONT.get_char_index(ord(each)) else "□" for each in text)


def to_png(figure: Figure) -> bytes:
    """The same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()
