"""fetch: `dataset` → its zip in data/raw/, whole and with the right checksum.

A release is looked for in MOVIELENS_MIRROR (a directory or a URL prefix), at GroupLens, then at known
mirrors. Only its pinned checksum decides whether it is accepted, so where it came from cannot matter.
"""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pooch

from stages.core import cli
from stages.core.cli import UserError
from stages.core.parameters import Parameters
from stages.movielens import catalogue, synthetic

MIRROR = "MOVIELENS_MIRROR"
TIMEOUT = 30  # seconds without an answer or a byte
RETRIES = 2
SHOWN = 60  # bytes of what came instead of a zip
SYNTHETIC_SEED = 0  # the generated dataset is one dataset: `seed` varies what is done with it


class FetchParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str


class Source(NamedTuple):
    """A place that may have the zip: a directory's file or a URL."""

    location: str
    checksum: str | None
    """As pooch spells it; None for a zip of one's own."""


def main(raw: Path, params: Path = Path("params.yaml")) -> None:
    """Put the zip of `dataset` into the directory RAW, alone."""
    dataset = FetchParameters.load(params).dataset
    sources = find_sources(dataset, os.environ.get(MIRROR))
    raw.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=raw, prefix=".part-") as folder:
        arriving = Path(folder) / "arriving.zip"
        if n_ratings := catalogue.synthetic_ratings(dataset):
            size = synthetic.size_of(n_ratings)
            arriving.write_bytes(synthetic.archive(dataset, size, SYNTHETIC_SEED))
        else:
            obtain(dataset, sources, arriving)
        arrived = arriving.replace(raw / f"{catalogue.short_name(dataset)}.zip")
    for path in raw.glob("*.zip"):
        if path != arrived:
            path.unlink()


def find_sources(dataset: str, mirror: str | None) -> list[Source]:
    """Where to look, in order; nowhere for generated ratings.

    Raises UserError when `dataset` is neither a release, a zip nor synthetic.
    """
    if catalogue.is_synthetic(dataset):
        return []
    if catalogue.is_zip(dataset):
        return [Source(dataset, None)]
    if dataset not in catalogue.CHECKSUMS:
        raise UserError(
            f"dataset is {dataset!r}, which is none of {', '.join(catalogue.CHECKSUMS)}, "
            "no path or URL of a .zip, and not of the form synthetic-100k"
        )
    prefixes = [catalogue.GROUPLENS, *catalogue.MIRRORS.get(dataset, [])]
    if mirror:
        prefixes.insert(0, mirror)
    checksum = catalogue.CHECKSUMS[dataset]
    return [Source(f"{prefix.rstrip('/')}/{dataset}.zip", checksum) for prefix in prefixes]


def obtain(dataset: str, sources: list[Source], target: Path) -> None:
    """Get `target` from the first source that has it right; raises UserError that tells of each failure."""
    failures = []
    for source in sources:
        try:
            _download(source, target) if catalogue.is_url(source.location) else _copy(source, target)
        except (OSError, ValueError, RuntimeError) as error:
            failures.append(f"  {source.location}\n    {error}")
        else:
            for failure in failures:
                print(f"fetch: not from {failure.strip()}")
            print(f"fetch: {dataset} from {source.location}")
            return
    raise UserError(
        f"{dataset} could not be had:\n"
        + "\n".join(failures)
        + f"\nWays out: {_way_out(dataset)}, or run without it on generated ratings: "
        "dvc exp run -S dataset=synthetic-100k"
    )


def _way_out(dataset: str) -> str:
    name = f"{catalogue.short_name(dataset)}.zip"
    if not catalogue.is_zip(dataset):
        return f"put {name} into a folder and name it in {MIRROR}"
    if catalogue.is_url(dataset):
        return f"open the address in a browser, save {name} and set dataset to its path"
    return "set dataset to the path of a zip in a MovieLens layout"


def _copy(source: Source, target: Path) -> None:
    path = Path(source.location).expanduser()
    if not path.is_file():
        raise FileNotFoundError("this is a folder" if path.is_dir() else "there is no such file")
    _require_zip(path)
    if source.checksum:
        _verify(path, source.checksum)
    shutil.copyfile(path, target)


def _require_zip(path: Path) -> None:
    if zipfile.is_zipfile(path):
        return
    with path.open("rb") as file:
        beginning = file.read(SHOWN)
    if beginning.startswith(b"PK"):
        raise ValueError("this zip is not whole: its end is missing")
    shown = f"begins with {beginning.decode(errors='replace') + '…'!r}" if beginning else "is empty"
    raise ValueError(f"this is no zip: it {shown}")


def _verify(path: Path, checksum: str) -> None:
    algorithm, expected = checksum.split(":")
    found = pooch.file_hash(str(path), alg=algorithm)
    if found != expected:
        raise ValueError(f"wrong checksum: {algorithm} is {found}, expected {expected}")


def _download(source: Source, target: Path) -> None:
    http = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT)

    def download(url: str, path: str, place: pooch.Pooch) -> None:
        http(url, path, place)
        _require_zip(Path(path))

    place = pooch.create(
        path=target.parent,
        base_url="",
        registry={target.name: source.checksum},
        urls={target.name: source.location},
        retry_if_failed=RETRIES,
        allow_updates=True,
    )
    place.fetch(target.name, downloader=download)


if __name__ == "__main__":
    cli.run(main)
