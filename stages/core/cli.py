"""Runs a stage from the command line, and reports errors that the user can fix in one message."""

import argparse
import contextlib
import inspect
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

MOST = 2000  # characters of a message, which may quote what the user gave
OUT_OF_MEMORY = re.compile("not enough memory|can't allocate memory|out of memory", re.IGNORECASE)
"""PyTorch's messages, on a CPU or a GPU."""


class UserError(Exception):
    """An error that the user can fix: reported as a message, without a traceback."""


def printable(text: str) -> str:
    """The text with � for all but printable characters and line breaks: others could control a terminal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else "�" for each in text)


class Parser(argparse.ArgumentParser):
    """Reads options; what it quotes in an error is printable."""

    def error(self, message: str) -> NoReturn:
        """Exit with the usage, this message and status 2."""
        super().error(printable(f"{message:.{MOST}}"))


def run(main: Callable[..., None]) -> None:
    """Call `main` with a path for each of its arguments, read from options of the same names."""
    stage = Path(sys.argv[0]).stem
    parser = Parser(f"python -m stages.{stage}", description=main.__doc__)
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    for name, argument in inspect.signature(main).parameters.items():
        required = argument.default is argument.empty
        default = argparse.SUPPRESS if required else argument.default
        parser.add_argument(f"--{name}", type=Path, required=required, default=default, help="a path")
    with report_errors(stage):
        main(**vars(parser.parse_args()))


@contextlib.contextmanager
def report_errors(stage: str) -> Iterator[None]:
    """Exit with one message and status 1 on a `UserError`, an OS error or lack of memory, 130 on Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except (UserError, OSError) as error:
        sys.exit(printable(f"{stage}: {error!s:.{MOST}}"))
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
            sys.exit(printable(f"{stage}: out of memory; no output was written ({error})"))
        raise
    except KeyboardInterrupt:
        if sys.stderr:
            print(f"{stage}: interrupted; no output was written", file=sys.stderr, flush=True)
        os._exit(130)  # threads that still compute would crash an orderly end
