"""recommend: movies for a user of the dataset, or for anybody who names a few films that they like.

Nothing is trained for this: `dvc repro` must have been run before.
"""

import argparse
import gc
import io
import os
import signal
import sys
from pathlib import Path

from stages.core.cli import Parser, UserError, report_errors

EXAMPLES = """examples:
  python -m stages.recommend "Toy Story" Alien
  python -m stages.recommend --like "Toy Story" --rate "Heat=4.5" --genre Crime
  python -m stages.recommend --user 42 --years 1960-1979 --adventurous
  python -m stages.recommend --watched ratings.csv --with 42
  python -m stages.recommend --similar Alien

Films are sorted by score; stars are predictions with their standard deviation."""


def main(arguments: list[str]) -> None:
    """Run the command with these arguments; raises UserError if they are invalid."""
    parser = Parser("python -m stages.recommend", description=__doc__, epilog=EXAMPLES)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    _add_options(parser)
    if not arguments:
        parser.print_help()
        return
    options = parser.parse_intermixed_args(arguments)
    for name, least, most in (("top", 1, 10**6), ("min-ratings", 0, 10**6), ("adventurous", 0, 1)):
        if not least <= (value := vars(options)[name.replace("-", "_")]) <= most:
            raise UserError(f"--{name} is {value!s:.60}, expected a number from {least} to {most}")
    options.like = [*options.titles, *options.like]
    if not (options.user is not None or options.like or options.rate or options.watched or options.similar):
        fix = "add a title, --user, --like, --rate or --watched; or use --similar"
        raise UserError(f"nobody to recommend to: {fix}")
    from stages.recommender import command  # imports torch, which the help does not need

    command.run(options)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the person").add_argument
    add("titles", nargs="*", metavar="TITLE", help="a film that you like")
    add("--user", type=int, metavar="ID", help="a user of the dataset, by number")
    add("--like", action="append", default=[], metavar="TITLE", help="a film that you like")
    add("--rate", action="append", default=[], metavar="TITLE=STARS", help="a film and its stars (0.5 to 5)")
    films = "your films, such as an export of Letterboxd: a column of titles, if possible years and ratings"
    add("--watched", type=Path, metavar="CSV", help=films)
    other = "somebody who watches with you: a user of the dataset, or their films"
    add("--with", dest="companion", metavar="ID_OR_CSV", help=other)
    rank = "rank by the less pleased of both (the default), or by their mean"
    add("--together", choices=["least-misery", "mean"], default="least-misery", help=rank)
    add = parser.add_argument_group("the movies").add_argument
    add("--genre", action="append", default=[], help="of this genre; given twice, of both")
    add("--exclude-genre", action="append", default=[], metavar="GENRE", help="not of this genre")
    add("--years", default="", help="from these years: 1994, 1990s, 1980-1999, 2000- or -1960")
    add("--cluster", default="", help="of this cluster: its number, or part of its name")
    unseen = "not seen by this user, or not on this list"
    add("--unseen-by", action="append", default=[], metavar="ID_OR_CSV", help=unseen)
    add("--min-ratings", type=int, default=0, metavar="N", help="with at least N ratings")
    less = "less known and more varied (0.5 without a number)"
    add("--adventurous", type=float, nargs="?", const=0.5, default=0.0, metavar="0..1", help=less)
    add = parser.add_argument_group("the output").add_argument
    add("--similar", metavar="TITLE", help="movies similar to this one, instead of movies for you")
    add("--top", type=int, default=10, metavar="N", help="how many movies (default: 10)")
    add("--json", action="store_true", help="JSON, for programs")
    add("--data", type=Path, default="data", metavar="DIR", help="the pipeline's folder (default: data)")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # more threads mostly wait for each other
    gc.disable()  # with gc.freeze, saves a third of the time: there is too little garbage to collect
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # no error if a reader such as `head` ends early
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # ? in an encoding without ±
    with report_errors("recommend"):
        main(sys.argv[1:])
    gc.freeze()
