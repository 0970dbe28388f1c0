"""Whatever stands in params.yaml: a message that names the key refuses it, or the pipeline runs through."""

import importlib
import json
import shlex
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from stages import curve
from stages.core.cli import UserError
from tests.parameters_of_the_stages import PARAMETERS
from tests.repository import DEFAULTS, PIPELINE, STAGES

pytestmark = pytest.mark.long

EXAMPLES = 20
"""Of each key."""
BASE = {**DEFAULTS, "dataset": "synthetic-1k", "epochs": 3, "latent_factors": 2, "n_clusters": 3}
BASE |= {"replicas": 1, "min_ratings": 6, "device": "cpu", "feature_rank": 4}
AFFORDABLE = {"epochs": 12, "latent_factors": 24, "feature_rank": 24, "replicas": 3, "processes": 2}
"""Up to which number a key is tried: more is as valid, and only takes longer."""
TRAINING = set(PARAMETERS["train"].model_fields) - {"solver"}
WORDS = {
    "dataset": [
        "synthetic-2k",
        "synthetic-0k",
        "synthetic-1",
        "synthetic-1K",
        "ml-2m",
        "/no/a.zip",
        "a.zip/",
    ],
    "split": ["random", "temporal", "Random", "newest"],
    "solver": ["gibbs", "als", "adam", "ALS", "sgd"],
    "device": ["auto", "cpu", "cuda", "mps", "xpu", "cpu:0", "tpu"],
}
FEATURES = ["genres", "period", "raters", "rated", "directors"]
EDGES = [-1, 0, 1e-300, 0.01, 0.99, 1.5, 10.01, 100, 101, 1024, 1025, 1e5, 1e6, 1e6 + 1, 2**63, 10**30, 1e300]
"""Numbers where the ranges of keys begin and end, or those of a computer."""

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8),
    st.dates(),
    st.binary(max_size=4),
    st.lists(st.one_of(st.integers(), st.text("abc", max_size=3)), max_size=3),
    st.dictionaries(st.text("abc", max_size=3), st.integers(), max_size=2),
)
"""What YAML can hold."""


def values(key: str) -> st.SearchStrategy[Any]:
    """Anything, and twice as often what is right or nearly so."""
    default = DEFAULTS[key]
    if key in WORDS:
        near: st.SearchStrategy[Any] = st.sampled_from(WORDS[key])
    elif isinstance(default, bool):
        near = st.sampled_from([True, False, "true", "no", 0, 1, 2])
    elif isinstance(default, list):
        near = st.lists(st.sampled_from(FEATURES), max_size=3)
    else:
        small = st.integers(0, 12) if isinstance(default, int) else st.floats(0, 2)
        near = st.one_of(small, small, small.map(str), small.map("{:e}".format), st.sampled_from(EDGES))
    return st.one_of(ANYTHING, near, near).filter(lambda value: not is_costly(key, value))


def is_costly(key: str, value: object) -> bool:
    """Whether it is a number, however written, above what is affordable."""
    try:
        return float(str(value)) > AFFORDABLE.get(key, float("inf"))
    except ValueError:
        return False


def main_of(stage: str) -> None:
    """Run the stage, with the paths of dvc.yaml, in this process."""
    words = shlex.split(PIPELINE["stages"][stage]["cmd"])[3:]
    paths = {
        option.removeprefix("--"): Path(path) for option, path in zip(words[::2], words[1::2], strict=True)
    }
    importlib.import_module(f"stages.{stage}").main(**paths)


def files(stage: str, *kinds: str) -> Iterator[str]:
    """Paths of a stage's dependencies or outputs in which data are."""
    for kind in kinds:
        for out in PIPELINE["stages"][stage].get(kind, []):
            path = out if isinstance(out, str) else next(iter(out))
            if not path.startswith("stages/"):
                yield path


def content(path: str) -> list[bytes]:
    found = Path(path)
    return [file.read_bytes() for file in (sorted(found.iterdir()) if found.is_dir() else [found])]


def reproduce(key: str) -> str:
    """Run, as DVC does, the stages that read the key, and those of which an input has changed.

    Gives the message by which one of them refuses to run, if one does.
    """
    changed: set[str] = set()
    for stage in STAGES:
        if key in PARAMETERS[stage].model_fields or changed & set(files(stage, "deps")):
            before = {path: content(path) for path in files(stage, "outs", "metrics", "plots")}
            try:
                main_of(stage)
            except UserError as error:
                return str(error)
            changed |= {path for path in before if content(path) != before[path]}
    return ""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which everything was run once, with nothing to draw and less to try than usual."""
    folder = tmp_path_factory.mktemp("base")
    patch = pytest.MonkeyPatch()
    patch.setattr(curve, "NUMBERS", range(2, 4))
    patch.setattr(Figure, "savefig", lambda figure, file, **options: file.write(b"a figure"))
    (folder / "params.yaml").write_text(yaml.safe_dump(BASE))
    with chdir(folder):
        for stage in STAGES:
            main_of(stage)
    yield folder
    patch.undo()


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} in a metrics file")


@pytest.mark.parametrize("key", DEFAULTS)
def test_it_is_refused_by_name_or_runs_through(base: Path, tmp_path: Path, key: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(value=values(key), solver=st.sampled_from(["gibbs", "als", "adam"]))
    def check(value: object, solver: str) -> None:
        folder = tmp_path / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, folder)
        fitted_by = {"solver": solver} if key in TRAINING else {}
        chosen = {**BASE, **fitted_by, key: value}
        (folder / "params.yaml").write_text(yaml.safe_dump(chosen))
        with chdir(folder):
            refusal = reproduce(key)
            assert not refusal or key in refusal, f"{key} is {value!r}: {refusal}"
            for path in Path("metrics").iterdir():
                json.loads(path.read_text(), parse_constant=refuse_constant)

    check()
