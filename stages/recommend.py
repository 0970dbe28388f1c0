"""recommend: a film for tonight, for a user of the dataset or for anybody who names a few films they like.

Nothing is trained for this: `dvc repro` has been run before.
"""

import argparse
import gc
import io
import signal
import sys
from pathlib import Path
from typing import Any

from stages.core.cli import UserError

EXAMPLES = """examples:
  python -m stages.recommend --like "Toy Story" --rate "Heat=4.5" --genre Crime
  python -m stages.recommend --user 42 --years 1960-1979 --adventurous
  python -m stages.recommend --watched ratings.csv --with 42
  python -m stages.recommend --similar Alien

Stars are what you may give, with a standard deviation; each reason says how many stars it adds."""


def main(arguments: list[str]) -> None:
    """Answer a question that is put as on the command line; raises UserError where it has no answer."""
    parser = options()
    asked = parser.parse_args(arguments)
    if asked.top < 1:
        raise UserError(f"--top is {asked.top}; ask for at least 1 film")
    if asked.min_ratings < 0:
        raise UserError(f"--min-ratings is {asked.min_ratings}; it is a number from 0")
    if not 0 <= asked.adventurous <= 1:
        raise UserError(f"--adventurous is {asked.adventurous:g}; it goes from 0 to 1")
    somebody = asked.user is not None or asked.like or asked.rate or asked.watched
    if not somebody and asked.similar is None:
        if arguments:
            raise UserError("who is it for? Give --user, --like, --rate or --watched, or --similar")
        parser.print_help()
        return
    from stages.recommender import command  # imports torch, which the help can do without

    gc.freeze()  # what was imported is no garbage: not looking through it saves a quarter of the time
    command.answer(asked)


def options() -> argparse.ArgumentParser:
    """What may be asked."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.recommend",
        description="A film for tonight, for a user of the dataset or for anybody who names a few films.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
    )
    _who(parser.add_argument_group("who you are"))
    _what(parser.add_argument_group("what it may be"))
    _how(parser.add_argument_group("how it is answered"))
    return parser


def _who(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--user", type=int, metavar="ID", help="a user of the dataset, by number")
    group.add_argument("--like", **_list("TITLE"), help="a film that you like")
    group.add_argument("--rate", **_list("TITLE=STARS"), help="a film and its stars, from 0.5 to 5")
    films = "your films, such as an export of Letterboxd: a column of titles, if possible years and ratings"
    group.add_argument("--watched", type=Path, metavar="CSV", help=films)
    company = "somebody who watches with you: a user of the dataset, or their films"
    group.add_argument("--with", dest="company", metavar="ID_OR_CSV", help=company)
    whom = "please the one who is pleased less (the default), or both on average"
    group.add_argument("--together", choices=["least-misery", "mean"], default="least-misery", help=whom)


def _what(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--genre", **_list("GENRE"), help="of this genre; given twice, of both")
    group.add_argument("--exclude-genre", **_list("GENRE"), help="not of this genre")
    group.add_argument("--years", default="", help="when it is from: 1994, 1980-1999, 2000- or -1960")
    group.add_argument("--cluster", default="", help="its cluster: the number, or part of the name")
    group.add_argument("--unseen-by", **_list("ID_OR_CSV"), help="not seen by this user, or on this list")
    group.add_argument("--min-ratings", type=int, default=0, metavar="N", help="rated by so many or more")
    group.add_argument(
        "--adventurous",
        type=float,
        nargs="?",
        const=0.5,
        default=0.0,
        metavar="0..1",
        help="less known, less certain and of more kinds (0.5 without a number)",
    )


def _how(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--similar", metavar="TITLE", help="films like this one, instead of films for you")
    group.add_argument("--top", type=int, default=10, metavar="N", help="how many films (default: 10)")
    group.add_argument("--json", action="store_true", help="JSON, for programs")
    where = "where the pipeline has written to (default: data)"
    group.add_argument("--data", type=Path, default=Path("data"), metavar="DIR", help=where)


def _list(metavar: str) -> dict[str, Any]:
    """Settings of an option that may be given again."""
    return {"action": "append", "default": [], "metavar": metavar}


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as `head` has had enough: no error
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no ± may show a ?
    try:
        main(sys.argv[1:])
    except (UserError, OSError) as error:
        sys.exit(f"recommend: {error}")
    except (KeyboardInterrupt, EOFError):
        print(file=sys.stderr)
        sys.exit(130)
