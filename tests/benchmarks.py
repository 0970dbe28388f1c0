"""Speed and memory, each figure beside a baseline that is measured in the same run.

    python -m tests.benchmarks            all of them, in about half an hour on two cores
    python -m tests.benchmarks adam gibbs some

They need the data that `dvc repro` prepares. Times are medians; the ratio is that of baseline to measured.
"""

import contextlib
import io
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
import yaml
from torch.utils.data import DataLoader, TensorDataset

from stages import notebook, recommend
from stages.core.compute import available_devices, threads_for
from stages.factorization import adam, gibbs
from stages.factorization.solver import Problem
from stages.movielens.ratings import Ratings, SideInformation, concatenate
from tests.conftest import hyperparameters, rmse, write_training_inputs
from tests.repository import DEFAULTS, PIPELINE, ROOT, STAGES
from tests.test_train import train_command

PREPARED = ROOT / "data" / "prepared"
TARGET_RMSE = 0.812  # stars, at which a Bayesian factorization is stopped


class Row(NamedTuple):
    """A row of the table; times in seconds."""

    what: str
    measured: float
    baseline: str
    baseline_time: float


def main(names: list[str]) -> None:
    """Run the benchmarks of these names, or all, and print them as a table."""
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"torch {torch.__version__} with {torch.get_num_threads()} threads\n")
    print("| | time, s | baseline | its time, s | ratio |\n|---|--:|---|--:|--:|")
    for name in names or BENCHMARKS:
        for what, measured, baseline, theirs in BENCHMARKS[name]():
            row = what, f"{measured:.3g}", baseline, f"{theirs:.3g}", f"{theirs / measured:.3g}"
            print("|", " | ".join(row), "|", flush=True)


def median_times(*calls: Callable[[], object], times: int = 3) -> list[float]:
    """Median seconds of each call; they run in turns so that other load affects all of them."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(times):
        for call, taken in zip(calls, seconds, strict=True):
            started = time.perf_counter()
            with contextlib.redirect_stderr(io.StringIO()):
                call()
            taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in seconds]


def problem() -> Problem:
    """The prepared training and validation ratings, with a fresh generator."""
    train, validation = (Ratings.load(PREPARED / f"{part}.pt") for part in ("train", "validation"))
    known = SideInformation.load(PREPARED / "side_information.pt")
    return Problem(train, validation, known, torch.device("cpu"), torch.Generator())


def of_adam() -> Iterator[Row]:
    """The notebook's recipe, against the notebook's own loop."""
    given, epochs = problem(), 2
    (theirs,) = median_times(lambda: notebook_loop(given.train, epochs))
    theirs *= notebook.RECIPE.epochs / epochs
    with threads_for(len(given.train)):
        (ours,) = median_times(lambda: adam.fit(given, notebook.RECIPE), times=1)
    yield Row("the notebook's recipe, 128 epochs", ours, "its own loop", theirs)


def notebook_loop(train: Ratings, epochs: int) -> None:
    """What the notebook runs: a DataLoader, autograd, torch.optim.Adam."""
    users, movies = torch.nn.Embedding(train.n_users, 8), torch.nn.Embedding(train.n_movies, 8)
    parameters = [*users.parameters(), *movies.parameters()]
    for table in parameters:
        table.data.uniform_(0, 0.05)
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    dataset = TensorDataset(torch.stack([train.user, train.movie], dim=1), train.rating)
    for _ in range(epochs):
        losses = []
        for pair, stars in DataLoader(dataset, batch_size=128, shuffle=True):
            optimizer.zero_grad()
            predicted = (users(pair[:, 0]) * movies(pair[:, 1])).sum(1)
            loss = torch.nn.functional.mse_loss(predicted, stars)
            losses.append(loss.item())
            loss.backward()
            optimizer.step()


def of_gibbs() -> Iterator[Row]:
    """Time until the test RMSE is good, against as many sweeps of a plain loop."""
    given = problem()
    seen, test = concatenate(given.train, given.validation), Ratings.load(PREPARED / "test.pt")
    genres = {"movie_features": ["genres"], "user_features": [], "user_effects": [], "drift_minutes": []}
    (plain,) = median_times(lambda: plain_sweep(seen, DEFAULTS["latent_factors"]))
    for what, changes in (("gibbs, genres", genres), ("gibbs, the default", {})):
        for sweeps in (8, 16, 24, 32, 48, 64, 96, 128):
            fresh = given._replace(train=seen, generator=torch.Generator())
            started = time.perf_counter()
            with contextlib.redirect_stderr(io.StringIO()), threads_for(len(seen)):
                model = gibbs.fit(fresh, hyperparameters(**changes, epochs=sweeps)).model
            taken = time.perf_counter() - started
            reached = rmse(model.predict(test).clamp(*seen.scale()), test.rating)
            if reached <= TARGET_RMSE:
                break
        label = f"{what}, {sweeps} sweeps: test RMSE {reached:.3f}"
        yield Row(label, taken, "as many sweeps, user by user", plain * sweeps)
    small, large = median_times(*(gibbs_sweep_of(random_ratings(n * 10**6)) for n in (1, 25)))
    yield Row("gibbs, a sweep of 25 million ratings", large, "25 × one of 1 million", 25 * small)


def of_device() -> Iterator[Row]:
    """A sweep on this machine's accelerator, if it has one, against one on its processor."""
    train = random_ratings(25_000_000)
    for device in available_devices()[:-1]:
        theirs, ours = median_times(*(gibbs_sweep_of(train, name) for name in ("cpu", device)))
        yield Row(f"gibbs, a sweep of 25 million ratings on {device}", ours, "one on the CPU", theirs)


def gibbs_sweep_of(train: Ratings, device: str = "cpu") -> Callable[[], object]:
    """A sweep of `gibbs` without genres and periods, which are not known."""
    given = Problem(train, train[:0], None, torch.device(device), torch.Generator())
    return gibbs.State(given, hyperparameters(movie_features=["raters"], user_effects=["popularity"])).sweep


def plain_sweep(train: Ratings, k: int) -> None:
    """A sweep over users and movies, a row at a time."""
    tables = {"user": torch.randn(train.n_users, k + 1), "movie": torch.randn(train.n_movies, k + 1)}
    for own, other in (("user", "movie"), ("movie", "user")):
        row, partner = getattr(train, own), getattr(train, other)
        order = torch.argsort(row, stable=True)
        parts = order.tensor_split(torch.bincount(row, minlength=len(tables[own])).cumsum(0)[:-1])
        for number, ratings in enumerate(parts):
            vectors = tables[other][partner[ratings]]
            gramian = vectors.T @ vectors + 15 * torch.eye(k + 1)
            tables[own][number] = torch.linalg.solve(gramian, vectors.T @ train.rating[ratings])


def random_ratings(count: int) -> Ratings:
    """Ratings by users and of movies with long tails, in the proportions of ml-25m."""
    generator = torch.Generator().manual_seed(0)
    n_users, n_movies = count // 154, round(62_000 * (count / 25_000_000) ** 0.5)
    user = (n_users * torch.rand(count, generator=generator) ** 1.5).long()
    movie = (n_movies * torch.rand(count, generator=generator) ** 3).long()
    order = torch.argsort(user * n_movies + movie)  # as MovieLens has them
    stars = torch.randint(1, 11, (count,), generator=generator) / 2
    moment = 10 * torch.arange(count)  # each rating has its own
    return Ratings(user[order], movie[order], stars, moment, n_users, n_movies)


def of_processes() -> Iterator[Row]:
    """Training by two processes, against one, each of one thread."""
    train = random_ratings(1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        parts = {"train": train, "validation": train[torch.arange(0, len(train), 20)]}

        def fit(processes: int) -> float:
            changes = {"solver": "als", "latent_factors": 32, "epochs": 20, "processes": processes}
            write_training_inputs(directory, parts, **changes)
            printed = run(train_command(directory), OMP_NUM_THREADS="1").stdout
            return float(printed.split("fitted in ")[1].split()[0])

        one, two = (statistics.median(fit(processes) for _ in range(3)) for processes in (1, 2))
    yield Row("als, 1 million ratings, 2 processes of one thread", two, "1 process of one thread", one)


class Done(NamedTuple):
    """Output of a process, its wall and CPU time in seconds and its peak memory in GiB."""

    stdout: str
    wall: float
    cpu: float
    peak: float


def run(command: list[str], **environment: str) -> Done:
    """Run a command in the repository; raises RuntimeError if it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        if status:
            raise RuntimeError(f"{' '.join(command)} failed: {output.read()}")
        wall, cpu = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
        return Done(output.read(), wall, cpu, usage.ru_maxrss / 2**20)


def timed(directory: Path, stages: list[str], threads: str, **changes: object) -> Iterator[tuple[str, Done]]:
    """Run stages by their commands in dvc.yaml, with paths below a directory and some parameters changed."""
    params = directory / "params.yaml"
    params.write_text(yaml.safe_dump({**DEFAULTS, **changes}))
    for stage in stages:
        words = PIPELINE["stages"][stage]["cmd"].split()
        paths = [word if word.startswith("--") else str(directory / word) for word in words[3:]]
        reads = ["--params", str(params)] if "params" in PIPELINE["stages"][stage] else []
        command = [sys.executable, *words[1:3], *paths, *reads]
        yield stage, run(command, OMP_NUM_THREADS=threads)


def of_stages() -> Iterator[Row]:
    """CPU seconds of all stages that an experiment runs, against those of its training."""
    after_training = [stage for stage in STAGES if stage not in ("fetch", "prepare", "notebook", "baselines")]
    experiments: list[tuple[dict[str, object], list[str]]] = [
        ({}, STAGES),
        ({"latent_factors": 16}, after_training),
        ({"latent_factors": 16, "study": False}, after_training),
        ({"n_clusters": 12}, ["cluster", "report"]),
    ]
    with tempfile.TemporaryDirectory() as folder:
        training = 0.0
        for changes, stages in experiments:
            cpu = {stage: done.cpu for stage, done in timed(Path(folder), stages, "1", **changes)}
            training = cpu.get("train", training)
            label = " ".join(f"-S {key}={value}" for key, value in changes.items()) or "all stages"
            yield Row(f"{label}: CPU, one thread", sum(cpu.values()), "its training", training)


def of_25m() -> Iterator[Row]:
    """Each stage on 25 million generated ratings, against its own CPU time; all of them against an hour."""
    changes = {"dataset": "synthetic-25m", "latent_factors": 8, "study": False}
    wall, peak = 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for stage, done in timed(Path(folder), STAGES, "2", **changes):
            wall, peak = wall + done.wall, max(peak, done.peak)
            yield Row(f"synthetic-25m, {stage}: {done.peak:.1f} GiB", done.wall, "its CPU time", done.cpu)
    label = " ".join(f"-S {key}={value}" for key, value in changes.items())
    yield Row(f"{label}, all stages: {peak:.1f} GiB", wall, "an hour", 3600)


def of_recommend() -> Iterator[Row]:
    """A recommendation for a new user, as a process, and without imports."""
    arguments = ["--like", "Toy Story", "--like", "se7en", "--rate", "heat=4.5", "--data", str(ROOT / "data")]

    def recommendation() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            recommend.main(arguments)

    command = [sys.executable, "-m", "stages.recommend", "Heat"]
    torches = [sys.executable, "-c", "import torch"]
    whole, bare = (statistics.median(run(words).cpu for _ in range(5)) for words in (command, torches))
    yield Row("a recommendation, the whole process: CPU", whole, "importing torch", bare)
    recommendation()
    ours, again = median_times(recommendation, lambda: gibbs.fit(problem(), hyperparameters()))
    yield Row("a recommendation for a new user", ours, "training again", again)


def of_pipeline() -> Iterator[Row]:
    """All stages in a fresh clone with the zip at hand, and again with another number of clusters."""
    if "MOVIELENS_MIRROR" not in os.environ:
        sys.exit("pipeline: set MOVIELENS_MIRROR to the folder of the zip, so that no download is measured")
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run([str(shutil.which("git")), "clone", "--quiet", str(ROOT), str(clone)], check=True)

        def dvc(*arguments: str) -> Callable[[], object]:
            command = [sys.executable, "-m", "dvc", *arguments]
            return lambda: subprocess.run(command, cwd=clone, check=True, capture_output=True)

        cold, varied = median_times(dvc("repro"), dvc("exp", "run", "-S", "n_clusters=12"), times=1)
    given = problem()
    (two,) = median_times(lambda: notebook_loop(given.train, 2), times=1)
    yield Row("dvc repro, all stages, cold", cold, "the notebook's training alone", 64 * two)
    yield Row("dvc exp run -S n_clusters=12", varied, "dvc repro, cold", cold)


BENCHMARKS = {name[3:]: function for name, function in globals().items() if name.startswith("of_")}


if __name__ == "__main__":
    main(sys.argv[1:])
