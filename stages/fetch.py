"""fetch: `dataset` → its zip in data/raw/, complete and with the right checksum.

A release is looked for in MOVIELENS_MIRROR (a directory or a URL prefix), at GroupLens, then at known
mirrors. It is accepted only if it has the pinned checksum.
"""

import os
import re
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path

import pooch
from requests.utils import get_auth_from_url, urldefragauth

from stages.core import cli, files, memory
from stages.core.parameters import PARAMS, Parameters
from stages.movielens import catalogue, synthetic

MIRROR = "MOVIELENS_MIRROR"
TIMEOUT = 30  # seconds without an answer or a byte
BYTES_PER_RATING = 160  # of memory, in the stages that take the most
SYNTHETIC_SEED = 0  # a constant: `seed` varies what is done with the dataset, not the dataset


class FetchParameters(Parameters):
    dataset: str


def main(raw: Path, params: Path = PARAMS) -> None:
    """Put the zip of `dataset`, and nothing else, into the directory RAW."""
    dataset = FetchParameters.load(params).dataset
    raw.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=raw, prefix=".part-") as directory:
        partial = Path(directory) / "partial.zip"
        if n_ratings := catalogue.synthetic_ratings(dataset):
            memory.require_memory(BYTES_PER_RATING * n_ratings, f"dataset {dataset}", "choose a smaller one")
            content = synthetic.archive(dataset, synthetic.size_of(n_ratings), SYNTHETIC_SEED)
            files.write_bytes(partial, content)
        else:
            obtain(dataset, find_sources(dataset, os.environ.get(MIRROR)), partial)
        complete = partial.replace(raw / f"{catalogue.short_name(dataset)}.zip")
    for path in {*raw.glob("*.zip")} - {complete}:
        path.unlink()


def find_sources(dataset: str, mirror: str | None) -> list[str]:
    """Paths and URLs to try, in order; raises UserError if `dataset` is neither a release nor a zip."""
    if catalogue.is_zip(dataset):
        return [dataset]
    if dataset not in catalogue.CHECKSUMS:
        others = "the path or URL of a .zip, or a name like synthetic-100k"
        known = f"{', '.join(catalogue.CHECKSUMS)}, {others}"
        raise cli.UserError(f"dataset is {_shown(dataset)[:100]!r}, expected one of {known}")
    prefixes = filter(None, [mirror, catalogue.GROUPLENS, *catalogue.MIRRORS.get(dataset, [])])
    return [f"{prefix.rstrip('/')}/{dataset}.zip" for prefix in prefixes]


def obtain(dataset: str, sources: list[str], target: Path) -> None:
    """Copy or download `target` from the first source that works; raises UserError if none does."""
    failures = []
    for source in sources:
        try:
            _download(source, catalogue.CHECKSUMS.get(dataset), target)
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            failures.append(f"  {_shown(source)}\n    {_shown(str(error))}")
        else:
            for failure in failures:
                print(f"fetch: not from {failure.strip()}")
            print(f"fetch: {_shown(dataset)} from {_shown(source)}")
            if catalogue.is_zip(dataset):
                print("fetch: DVC does not watch the original; after it changes, run: dvc repro -f fetch")
            return
    fix = (
        f"To fix this: set dataset to the path of a zip, or {MIRROR} to a directory that has the release, or "
        "use generated ratings: dvc exp run -S dataset=synthetic-100k"
    )
    raise cli.UserError("\n".join([f"{_shown(dataset)} could not be downloaded:", *failures, fix]))


def _shown(text: str) -> str:
    """A path, or a text with URLs, to print: without names, passwords and queries, which can be secret."""
    text = re.sub(r"((?:://|url: /)[^\s?]*)\?[^\s'\")]*", r"\1", text)
    return cli.printable(re.sub(r"(?<=://)[^\s/]*@", "", text))


def _download(source: str, checksum: str | None, target: Path) -> None:
    login = get_auth_from_url(source)
    http = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT, auth=login if any(login) else None)

    def download(source: str, path: str, pool: pooch.Pooch) -> None:
        if catalogue.is_url(source):
            http(source, path, pool)
        else:
            shutil.copyfile(Path(source).expanduser(), path)
        if not zipfile.is_zipfile(path):
            with Path(path).open("rb") as file:
                raise ValueError(f"not a complete zip file; it begins with {file.read(60)!r}")
        if not checksum and (member := zipfile.ZipFile(path).testzip()):
            raise ValueError(f"the zip is damaged: {member}")

    pooch.get_logger().setLevel("WARNING")
    retries, url = (2, urldefragauth(source)) if catalogue.is_url(source) else (0, source)
    options = {"registry": {target.name: checksum}, "urls": {target.name: url}, "retry_if_failed": retries}
    pool = pooch.create(target.parent, base_url="", **options)
    pool.fetch(target.name, downloader=download)


if __name__ == "__main__":
    cli.run(main)
