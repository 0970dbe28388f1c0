"""From the options of the command to its output: a table on a terminal, plain text in a pipe, or JSON."""

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tabulate import tabulate

from stages.core.cli import UserError
from stages.movielens.title_format import label
from stages.ranking.score import REASON, SEEN
from stages.recommender.profile import UserProfile
from stages.recommender.ranking import recommend
from stages.recommender.recommender import Recommender

LEAST_WIDTH = 40  # characters of a table, also on a terminal that says 0
NARROW = {"because you liked": 60, "genres": 100, "cluster": 140}  # characters that a terminal needs
CAPTION = (
    "Sorted by score, in percent of the best: how likely you are to watch a film and to like it, well-known\n"
    "films counting less. Stars are predictions, ± {:.1f}."
)


def run(options: argparse.Namespace) -> None:
    """Print recommendations, or similar movies."""
    recommender = Recommender(options.data)
    profile = UserProfile(recommender)
    if options.user is not None:
        profile.add_user(options.user)
    if options.watched:
        profile.add_list(options.watched)
    profile.add_titles(options.like, options.rate)
    profiles = [profile] + ([_other(options.companion, recommender)] if options.companion is not None else [])
    seen_by = [*profiles, *(_other(name, recommender) for name in options.unseen_by)]
    filters = {"genres": options.genre, "excluded_genres": options.exclude_genre, "years": options.years}
    filters |= {"cluster": options.cluster, "min_ratings": options.min_ratings}
    if options.similar is not None:
        found = recommender.similar(options.similar, options.top, seen_by, **filters)[["similarity"]]
    else:
        candidates = recommender.candidates(seen_by, options.adventurous, **filters)
        found = recommend(profiles, candidates, options.top, options.adventurous, options.together)
    rows: dict[Any, Any] = found.to_dict("index")
    show([{**recommender.records[movie], **row} for movie, row in rows.items()], options.json)


def _other(name: str, recommender: Recommender) -> UserProfile:
    """Another person by their number in the dataset, or by a list of films in a CSV file."""
    profile = UserProfile(recommender)
    if name.isdecimal() and len(name) < 19:
        profile.add_user(int(name))
    elif name.lower().endswith(".csv") or (len(name) < 200 and Path(name).is_file()):
        profile.add_list(Path(name))
    else:
        raise UserError(f'"{name[:50]}" is neither the number of a user nor a CSV file of films')
    return profile


def show(records: list[dict[str, Any]], as_json: bool) -> None:
    """Print recommendations or similar movies."""
    deviations = [each for record in records for each in record.get("deviation", ())]
    caption = ["", CAPTION.format(median(deviations))] if deviations else []
    best = max(record.get("score", 0) for record in records)
    rows = [_row(place, record, best) for place, record in enumerate(records, start=1)]
    if as_json:
        print(json.dumps(records, indent=2))
    elif not (sys.stdout and sys.stdout.isatty()):
        table = [[*rows[0]], *([*row.values()] for row in rows)]
        print(tabulate(table, tablefmt="plain", disable_numparse=True), *caption, sep="\n")
    else:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table

        console = Console(markup=False, emoji=False, highlight=False)
        console.width = max(console.width, LEAST_WIDTH)
        headings = [heading for heading in rows[0] if console.width >= NARROW.get(heading, 0)]
        grid = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
        for heading in headings:
            grid.add_column(heading, no_wrap=heading.startswith(("score", "stars", "similarity")))
        for row in rows:
            grid.add_row(*(row[heading] for heading in headings))
        console.print(grid, *caption, sep="\n")


def _row(place: int, record: dict[str, Any], best: float) -> dict[str, str]:
    row = {"": str(place), "movie": label(record["title"], record["year"])}
    if "similarity" in record:
        row["similarity"] = f"{record['similarity']:.2f}"
        row["stars"] = f"{record['mean_rating']:.1f} from {record['n_ratings']:,}"
    else:
        row["score"] = f"{100 * record['score'] / best:.0f}"
        stars = (f"{min(max(each, 0.5), 5):.1f}" for each in record["stars"])
        row["stars: you / they" if record["stars"][1:] else "stars"] = " / ".join(stars)
    row["genres"] = ", ".join(record["genres"])
    row["cluster"] = "{number}. {name}".format(**record["cluster"]) if record["cluster"] else ""
    if "because" in record:
        row["because you liked"] = _reasons(record["because"])
    return row


def _reasons(because: list[dict[str, Any]]) -> str:
    """The two liked films that add most to the estimate; for two people, the one of each."""
    people, texts = ["you: ", "they: "] if because[1:] else [""], []
    for person, explanation in zip(people, because, strict=True):
        ratings = explanation["ratings"]
        least = REASON * (explanation["alone"] + sum(rating["added"] for rating in ratings))
        liked = [rating for rating in ratings if (rating["stars"] or 0) >= SEEN and rating["added"] > least]
        names = [label(rating["title"], rating["year"]) for rating in liked[: 2 // len(because)]]
        texts += [person + ", ".join(names)] if names else []
    return "; ".join(texts)
