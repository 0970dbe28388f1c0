"""Whatever params.yaml contains: the pipeline runs, or an error names the key."""

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
from tests.repository import DEFAULTS, PIPELINE, STAGES, data_inputs, outputs, parameters_of

pytestmark = pytest.mark.long

QUICK = settings(max_examples=10, deadline=None, derandomize=True, phases=[Phase.generate])
SETTINGS = settings(QUICK, suppress_health_check=list(HealthCheck))
BASE = {**DEFAULTS, "dataset": "synthetic-1k", "epochs": 3, "latent_factors": 2, "n_clusters": 3}
BASE |= {"replicas": 1, "min_ratings": 1, "device": "cpu", "feature_rank": 4}
AFFORDABLE = {"epochs": 12, "latent_factors": 24, "feature_rank": 24, "replicas": 3, "processes": 2}
"""The largest number tried of a key; larger ones are valid too, but slow."""
WORDS = {
    "dataset": "synthetic-2k synthetic-0k synthetic-1 synthetic-1K ml-2m /no/a.zip a.zip/".split(),
    "split": ["random", "temporal", "predefined", "Random", "newest"],
    "solver": ["gibbs", "als", "adam", "ALS", "sgd"],
    "device": ["auto", "cpu", "cuda", "mps", "xpu", "cpu:0", "tpu"],
}
FEATURES = ["genres", "period", "raters", "rated", "popularity", "directors"]
EDGES = [-1, 0, 1e-300, 0.01, 0.99, 1.5, 10.01, 100, 101, 1024, 1025, 1e5, 1e6, 1e6 + 1, 2**63, 10**30, 1e300]
"""Numbers at the ends of ranges, and of what computers represent."""
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
"""What YAML can express."""


def values(key: str) -> st.SearchStrategy[Any]:
    """Anything, and twice as often something valid or nearly valid."""
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
    return st.one_of(ANYTHING, near, near).filter(lambda value: is_affordable(key, value))


def is_affordable(key: str, value: object) -> bool:
    try:
        return not float(str(value)) > AFFORDABLE.get(key, float("inf"))
    except ValueError:
        return True


def run_stage(stage: str) -> None:
    """Run the stage, with the paths of dvc.yaml, in this process."""
    words = shlex.split(PIPELINE["stages"][stage]["cmd"])[3:]
    paths = {name.removeprefix("--"): Path(path) for name, path in zip(words[::2], words[1::2], strict=True)}
    importlib.import_module(f"stages.{stage}").main(**paths)


def content(path: str) -> list[bytes]:
    found = Path(path)
    return [file.read_bytes() for file in (sorted(found.iterdir()) if found.is_dir() else [found])]


def reproduce(key: str) -> str:
    """Run the stages that read the key or have a changed input; the message of the one that fails, if any."""
    changed: set[str] = set()
    for stage in STAGES:
        if key in parameters_of(stage).model_fields or changed & data_inputs(stage):
            before = {path: content(path) for path in outputs(stage)}
            try:
                run_stage(stage)
            except UserError as error:
                return str(error)
            changed |= {path for path in before if content(path) != before[path]}
    return ""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which everything was run once, without drawing figures."""
    folder = tmp_path_factory.mktemp("base")
    patch = pytest.MonkeyPatch()
    patch.setattr(curve, "NUMBERS", [2, 3])
    patch.setattr(Figure, "savefig", lambda figure, file, **options: file.write(b"a figure"))
    (folder / "params.yaml").write_text(yaml.safe_dump(BASE))
    with chdir(folder):
        for stage in STAGES:
            run_stage(stage)
    yield folder
    patch.undo()


@pytest.mark.parametrize("key", DEFAULTS)
def test_a_value_runs_or_its_error_names_the_key(base: Path, tmp_path: Path, key: str) -> None:
    @settings(SETTINGS)
    @given(value=values(key), solver=st.sampled_from(["gibbs", "als", "adam"]))
    def check(value: object, solver: str) -> None:
        folder = tmp_path / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, folder)
        (folder / "params.yaml").write_text(yaml.safe_dump({**BASE, "solver": solver, key: value}))
        with chdir(folder):
            message = reproduce(key)
            assert not message or key in message, f"{key} is {value!r}: {message}"
            for path in Path("metrics").glob("*.json"):
                json.loads(path.read_text(), parse_constant=pytest.fail)

    check()
