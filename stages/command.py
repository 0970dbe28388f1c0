"""Runs a stage from the command line: paths in, one clear line out when something is wrong."""

import argparse
import contextlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

OUT_OF_MEMORY = re.compile("not enough memory|can't allocate memory|out of memory", re.IGNORECASE)
"""What PyTorch says, on a CPU or a GPU."""


class UserError(Exception):
    """Something that the user can put right: shown as a message, without a traceback."""


def run(main: Callable[..., None]) -> None:
    """Call `main` with a path for each of its arguments, taken from options of the same names.

    A `UserError` or a failure of the operating system (no space, no permission) ends the process
    with its message and status 1; a Ctrl-C with status 130.
    """
    stage = Path(sys.argv[0]).stem
    parser = argparse.ArgumentParser(prog=f"python -m stages.{stage}", description=main.__doc__)
    for name, argument in inspect.signature(main).parameters.items():
        required = argument.default is argument.empty
        default = None if required else argument.default
        note = "a path" if required else f"a path (default: {default})"
        parser.add_argument(
            f"--{name}", type=Path, required=required, default=default, metavar="PATH", help=note
        )
    arguments = vars(parser.parse_args())
    with reported(stage):
        main(**arguments)


@contextlib.contextmanager
def reported(stage: str) -> Iterator[None]:
    """End the process with one message for what `run` says it does."""
    try:
        yield
    except (UserError, OSError) as error:
        sys.exit(f"{stage}: {error}")
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
            sys.exit(f"{stage}: out of memory; no output was written ({error})")
        raise
    except KeyboardInterrupt:
        print(f"{stage}: interrupted; no output was written", file=sys.stderr)
        sys.exit(130)
