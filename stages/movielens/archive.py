"""A release's zip, and the members in it: opened to be read, never unpacked to disk, each fault named."""

import contextlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from stages.core.cli import UserError

ENCRYPTED = 1
"""In a member's flags."""
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
LISTED = 10
"""Of a zip's members, in an error."""

_READING = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError)
_OPENING = (*_READING, ValueError, RuntimeError, struct.error)


@contextlib.contextmanager
def _named(path: Path, faults: tuple[type[Exception], ...]) -> Iterator[None]:
    try:
        yield
    except faults as error:
        remedy = "fetch it again with: dvc repro -f fetch"
        raise UserError(f"{path} is no complete, readable zip ({error}); {remedy}") from error


@dataclass(frozen=True)
class Member:
    """A file inside a zip, named in every error."""

    archive: Path
    name: str
    size: int
    """Bytes, as declared: what is beyond is never read."""

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Its bytes; raises UserError, in the body as well, where they are not whole."""
        with contextlib.ExitStack() as opened:
            with _named(self.archive, _OPENING):
                archive = opened.enter_context(zipfile.ZipFile(self.archive))
                stream = opened.enter_context(archive.open(self.name))
            with _named(self.archive, _READING):
                yield stream


class Archive:
    """What a zip holds, by file name: in whatever folder, in capitals or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _named(path, _OPENING), zipfile.ZipFile(path) as archive:
            everything = archive.infolist()
        self._found: dict[str, list[zipfile.ZipInfo]] = {}
        for info in everything:
            place = PurePosixPath(info.filename.replace("\\", "/"))
            if not info.filename.endswith("/") and "__MACOSX" not in place.parts:
                self._found.setdefault(place.name.lower(), []).append(info)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def member(self, name: str) -> Member:
        """The one of this name; raises UserError when there are several, or it cannot be read."""
        info, *others = self._found[name]
        if others:
            all_of_them = self._listed([info.filename, *(other.filename for other in others)])
            raise UserError(f"{self.path} holds {name} more than once: {all_of_them}; leave only one in it")
        if info.flag_bits & ENCRYPTED:
            raise UserError(f"{self.path}: {info.filename} is encrypted; zip it anew without a password")
        if info.compress_type not in METHODS:
            method = f"packed by method {info.compress_type}, which cannot be read"
            raise UserError(
                f"{self.path}: {info.filename} is {method}; zip it anew by the usual one, deflate"
            )
        return Member(self.path, info.filename, info.file_size)

    def contents(self) -> str:
        """What is in it, for an error; says so where that is another zip."""
        inner = next((name for name in self._found if name.endswith(".zip")), None)
        hint = f"; take {inner} out of it and set dataset to its path" if inner else ""
        return self._listed(sorted(self._found)) + hint

    def _listed(self, names: list[str]) -> str:
        more = len(names) - LISTED
        return (", ".join(names[:LISTED]) or "nothing") + (f" and {more} more" if more > 0 else "")
