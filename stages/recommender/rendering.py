"""How recommendations are shown: as a table on a terminal, as plain text in a pipe, as JSON for programs."""

import json
import shutil
import sys

from stages.recommender.artifacts import Artifacts, Movie
from stages.recommender.profile import HIGHEST, LOWEST
from stages.recommender.ranking import Reasons, Recommendation

NAMED = 2
"""Reasons in a row of a table; two people share them."""
LEAST = 0.005
"""Stars that a rating must add to be named there."""
NARROW = {"kind": 100, "because of": 60}
"""Columns that are left out on a terminal of fewer characters."""


def as_json(recommendations: list[Recommendation]) -> str:
    """A list of objects; `stars`, `deviation` and `because` have an entry for each person.

    `because` adds up to the stars: what is expected `alone`, without ratings, and what each of the `ratings`
    has `added`. Stars are as predicted, which may be off the scale.
    """
    return json.dumps([_record(each) for each in recommendations], indent=2)


def _record(recommendation: Recommendation) -> dict[str, object]:
    cluster = recommendation.cluster
    return {
        **_facts(recommendation.movie),
        "cluster": {"number": cluster.number, "name": cluster.name} if cluster else None,
        "appeal": recommendation.appeal,
        "stars": recommendation.stars,
        "deviation": recommendation.deviation,
        "because": [_parts(reasons) for reasons in recommendation.reasons],
    }


def _parts(reasons: Reasons) -> dict[str, object]:
    rows = [{**_name(each.movie), "stars": each.stars, "added": each.added} for each in reasons.ratings]
    return {"alone": reasons.alone, "ratings": rows}


def _name(movie: Movie) -> dict[str, object]:
    return {"movie_id": movie.movie_id, "title": movie.title, "year": movie.year}


def _facts(movie: Movie) -> dict[str, object]:
    return {**_name(movie), "genres": list(movie.genres), "n_ratings": movie.n_ratings}


def similar_as_json(similar: list[tuple[Movie, float]]) -> str:
    """A list of objects."""
    rows = [{**_facts(movie), "similarity": similarity} for movie, similarity in similar]
    return json.dumps(rows, indent=2)


def show(recommendations: list[Recommendation]) -> None:
    """Print a numbered table of movies with the stars expected from each person, the cluster, and why."""
    rows = [
        [
            str(place),
            str(each.movie),
            " / ".join(_stars(*pair) for pair in zip(each.stars, each.deviation, strict=True)),
            each.cluster.name if each.cluster else "",
            _because(each.movie, each.reasons),
        ]
        for place, each in enumerate(recommendations, start=1)
    ]
    stars = "stars: you / they" if len(recommendations[0].stars) > 1 else "stars"
    _print_table(["", "movie", stars, "kind", "because of"], rows)


def show_similar(similar: list[tuple[Movie, float]], library: Artifacts) -> None:
    """Print a numbered table of movies, how alike they are, and what all people think of them."""
    rows = [
        [
            str(place),
            str(movie),
            f"{similarity:.2f}",
            f"{movie.mean_rating:.1f} from {movie.n_ratings:,}",
            library.clusters[movie.movie].name if movie.movie in library.clusters else "",
        ]
        for place, (movie, similarity) in enumerate(similar, start=1)
    ]
    _print_table(["", "movie", "alike", "stars", "kind"], rows)


def _stars(stars: float, deviation: float) -> str:
    on_scale = min(max(stars, LOWEST), HIGHEST)
    return f"{on_scale:.1f}" + (f" ± {deviation:.1f}" if deviation else "")


def _because(movie: Movie, people: list[Reasons]) -> str:
    """The ratings that speak most for a movie, but not its own, which it has where it stands for a taste."""
    parts = []
    for reasons in people:
        others = [each for each in reasons.ratings if each.added >= LEAST and each.movie != movie]
        named = others[: NAMED // len(people)]
        parts.append(", ".join(f"{each.movie} {each.added:+.2f}" for each in named))
    whose = ["you: ", "they: "] if len(people) > 1 else [""]
    return "; ".join(f"{who}{part}" for who, part in zip(whose, parts, strict=True) if part)


def _print_table(headings: list[str], rows: list[list[str]]) -> None:
    if not sys.stdout.isatty():
        widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
        for row in (headings, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width, height = shutil.get_terminal_size()
    shown = [place for place, heading in enumerate(headings) if width >= NARROW.get(heading, 0)]
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for place in shown:
        short = place == 0 or headings[place].startswith(("stars", "alike"))
        table.add_column(headings[place], no_wrap=short, justify="right" if place == 0 else "left")
    for row in rows:
        table.add_row(*(Text(row[place], style="bold" if place == 1 else "") for place in shown))
    Console(width=width, height=height).print(table)
