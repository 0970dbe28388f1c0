"""How fast it is: each figure beside a baseline that runs in turns with it, on the machine at hand.

    python -m tests.benchmarks            all of them, in about fifteen minutes on two cores
    python -m tests.benchmarks adam als   some

They need the data that `dvc repro` prepares. Times are medians; the ratio is that of baseline to measured.
"""

import contextlib
import inspect
import io
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
import yaml
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

import stages.train
from stages import notebook, recommend
from stages.core.compute import run_parallel, threads_for
from stages.core.tensors import load
from stages.factorization import adam, als, gibbs
from stages.factorization.normal_equations import of_both_sides
from stages.factorization.solver import Hyperparameters, Problem
from stages.movielens.ratings import SIDE_INFORMATION, Ratings, concatenate
from stages.ranking.metrics import rmse
from tests.conftest import write_training_inputs
from tests.repository import DEFAULTS, PIPELINE, ROOT, STAGES

PREPARED = ROOT / "data" / "prepared"
CPU = torch.device("cpu")
GOOD = 0.812
"""Stars: the error at which a Bayesian factorization with genres is stopped."""


class Row(NamedTuple):
    """A line of the table; times in seconds."""

    what: str
    measured: float
    baseline: str
    baseline_time: float


def main(names: list[str]) -> None:
    """Run the benchmarks of these names, all without any, and print them as a table."""
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"torch {torch.__version__} with {torch.get_num_threads()} threads\n")
    print("| | time, s | baseline | its time, s | ratio |\n|---|--:|---|--:|--:|")
    for name in names or BENCHMARKS:
        for row in BENCHMARKS[name]():
            ratio = row.baseline_time / row.measured
            cells = (
                row.what,
                f"{row.measured:.3g}",
                row.baseline,
                f"{row.baseline_time:.3g}",
                f"{ratio:.1f}",
            )
            print(f"| {' | '.join(cells)} |", flush=True)


def pair(first: Callable[[], object], second: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """Median seconds of both, run in turns so that a busy spell strikes both."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for run, taken in zip((first, second), seconds, strict=True):
            started = time.perf_counter()
            with contextlib.redirect_stderr(io.StringIO()):
                run()
            taken.append(time.perf_counter() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def problem(train: Ratings | None = None) -> Problem:
    """Training and validation ratings as they are prepared, with a fresh generator."""
    learned = Ratings.load(PREPARED / "train.pt") if train is None else train
    known = load(PREPARED / "side_information.pt", SIDE_INFORMATION, made_by="prepare")
    return Problem(learned, Ratings.load(PREPARED / "validation.pt"), known, CPU, torch.Generator())


def of_adam() -> Iterator[Row]:
    """The notebook's recipe, alone and twice side by side, against its loop: a DataLoader, autograd."""
    given, epochs = problem(), 2
    _, theirs = pair(lambda: None, lambda: loop_of_the_notebook(given.train, epochs))
    theirs *= 128 / epochs

    def one() -> None:
        with threads_for(len(given.train)):
            adam.fit(given, notebook.RECIPE)

    def two() -> None:
        calls = [(given.train, given.validation, seed) for seed in (1, 2)]
        run_parallel(notebook.fit, calls, len(given.train), "processes")

    alone, together = pair(one, two, times=1)
    yield Row("the notebook's recipe, 128 epochs", alone, "its own loop", theirs)
    yield Row("the same, two seeds side by side", together, "its own loop, twice", 2 * theirs)


def loop_of_the_notebook(train: Ratings, epochs: int) -> None:
    """What the notebook runs: rating by rating into mini-batches, gradients by autograd, Adam as it comes."""
    users, movies = torch.nn.Embedding(train.n_users, 8), torch.nn.Embedding(train.n_movies, 8)
    parameters = [*users.parameters(), *movies.parameters()]
    for table in parameters:
        table.data.uniform_(0, 0.05)
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    dataset = TensorDataset(torch.stack([train.user, train.movie], dim=1), train.rating)
    for _ in range(epochs):
        losses = []
        for who_what, stars in DataLoader(dataset, batch_size=128, shuffle=True):
            optimizer.zero_grad()
            predicted = (users(who_what[:, 0]) * movies(who_what[:, 1])).sum(1)
            loss = torch.nn.functional.mse_loss(predicted, stars)
            losses.append(loss.item())
            loss.backward()
            optimizer.step()


def of_gibbs() -> Iterator[Row]:
    """The default until it predicts the test ratings well enough, against a plain loop's sweeps."""
    seen = concatenate(Ratings.load(PREPARED / "train.pt"), Ratings.load(PREPARED / "validation.pt"))
    test = Ratings.load(PREPARED / "test.pt")
    genres = {"movie_features": ["genres"], "user_features": []}
    for what, changes in (("gibbs, genres", genres), ("gibbs, the default", {})):
        sweeps, taken, reached = sweeps_to(GOOD, seen, test, changes)
        plain, _ = pair(lambda: plain_sweep(seen, DEFAULTS["latent_factors"]), lambda: None, times=1)
        label = f"{what}, {sweeps} sweeps: test RMSE {reached:.3f}"
        yield Row(label, taken, "as many sweeps, user by user", plain * sweeps)


def sweeps_to(
    wanted: float, train: Ratings, test: Ratings, changes: Mapping[str, object]
) -> tuple[int, float, float]:
    """The fewest sweeps, of a few numbers, that predict the test ratings so well; their seconds; the RMSE."""
    for sweeps in (8, 16, 24, 32, 48, 64, 96, 128):
        chosen = Hyperparameters.parse({**DEFAULTS, **changes, "epochs": sweeps})
        started = time.perf_counter()
        with contextlib.redirect_stderr(io.StringIO()), threads_for(len(train)):
            model = gibbs.fit(problem(train), chosen).model
        taken = time.perf_counter() - started
        reached = rmse(model.predict(test).clamp(*train.scale()), test.rating)
        if reached <= wanted:
            break
    return sweeps, taken, reached


def of_als() -> Iterator[Row]:
    """A sweep over users and movies, against solving them one by one, and against what the machine can do."""
    train, large = Ratings.load(PREPARED / "train.pt"), random_ratings(1_000_000)
    ours, plain = pair(sweep_of(train, 16), lambda: plain_sweep(train, 16))
    yield Row("als, a sweep at 16 factors", ours, "user by user, movie by movie", plain)
    operations, read = work_of_a_sweep(large, 32)
    square, block = torch.randn(2048, 2048), torch.randn(10**8)
    product, _ = pair(lambda: square @ square, lambda: None)
    copy, _ = pair(block.clone, lambda: None)
    sweep, _ = pair(sweep_of(large, 32), lambda: None)
    at_peak, at_bandwidth = operations * product / (2 * 2048**3), read * copy / (2 * block.nbytes)
    label = "als, a sweep of 1 million ratings at 32 factors"
    yield Row(f"{label}: {operations / 1e9:.1f} Gflop", sweep, "as many in a matrix product", at_peak)
    yield Row(f"{label}: {read / 1e9:.1f} GB", sweep, "copying as many", at_bandwidth)


def work_of_a_sweep(train: Ratings, k: int) -> tuple[float, float]:
    """Floating-point operations and bytes that it cannot do without.

    Of each rating on each side: the sum of (k + 1)(k + 2) / 2 products, each multiplied and added, each read;
    of each row: the Cholesky decomposition and two triangular solves.
    """
    triangle, rows = (k + 1) * (k + 2) / 2, train.n_users + train.n_movies
    operations = 2 * len(train) * 2 * triangle + rows * ((k + 1) ** 3 / 3 + 2 * (k + 1) ** 2)
    return operations, 2 * len(train) * 4 * triangle


def sweep_of(train: Ratings, k: int) -> Callable[[], object]:
    """A sweep of `als` over ratings that are sorted already."""
    hyperparameters = Hyperparameters.parse({**DEFAULTS, "latent_factors": k})
    by_user, by_movie = of_both_sides(train, CPU)
    movies = torch.randn(train.n_movies, k + 1) * 0.3
    target = train.rating - train.rating.mean()
    of_users, of_movies = target[by_user.rating], target[by_movie.rating]

    def sweep() -> Tensor:
        users, _ = als.half_step(by_user, of_users, movies, hyperparameters)
        return als.half_step(by_movie, of_movies, users, hyperparameters)[0]

    return sweep


def plain_sweep(train: Ratings, k: int) -> None:
    """The same, a row at a time."""
    tables = {"user": torch.randn(train.n_users, k + 1), "movie": torch.randn(train.n_movies, k + 1)}
    for own, other in (("user", "movie"), ("movie", "user")):
        row, partner = getattr(train, own), getattr(train, other)
        order = torch.argsort(row, stable=True)
        parts = order.tensor_split(torch.bincount(row, minlength=len(tables[own])).cumsum(0)[:-1])
        for number, ratings in enumerate(parts):
            vectors = tables[other][partner[ratings]]
            gramian = vectors.T @ vectors + 15 * torch.eye(k + 1)
            tables[own][number] = torch.linalg.solve(gramian, vectors.T @ train.rating[ratings])


def of_scale() -> Iterator[Row]:
    """A sweep of `als` at 32 factors over 25 million ratings, against 25 sweeps over a million."""
    small, large = (sweep_of(random_ratings(count), 32) for count in (1_000_000, 25_000_000))
    at_large, at_small = pair(large, small, times=2)
    yield Row("als, a sweep of 25 million ratings", at_large, "25 × one of 1 million", 25 * at_small)


def random_ratings(count: int) -> Ratings:
    """Ratings by users and of movies with long tails, in the proportions of ml-25m."""
    generator = torch.Generator().manual_seed(0)
    n_users, n_movies = count // 154, round(62_000 * (count / 25_000_000) ** 0.5)
    user, movie = (
        (n * torch.rand(count, generator=generator).pow(power)).long()
        for n, power in ((n_users, 1.5), (n_movies, 3))
    )
    order = torch.argsort(user * n_movies + movie)  # as MovieLens has them
    user, movie = user[order], movie[order]
    stars = torch.randint(1, 11, (count,), generator=generator) / 2
    return Ratings(user, movie, stars, torch.zeros(count, dtype=torch.int64), n_users, n_movies)


def of_processes() -> Iterator[Row]:
    """Training by two processes, against one, each of one thread."""
    train = random_ratings(1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        parts = {"train": train, "validation": train[torch.arange(0, len(train), 20)]}

        def fit(processes: int) -> float:
            changes = {"solver": "als", "latent_factors": 32, "epochs": 20, "processes": processes}
            write_training_inputs(directory, parts, **changes)
            names = "train.pt validation.pt side.pt model.pt history.csv train.json params.yaml".split()
            command = [sys.executable, "-m", "stages.train"]
            for option, name in zip(inspect.signature(stages.train.main).parameters, names, strict=True):
                command += [f"--{option}", str(directory / name)]
            done = run(command, OMP_NUM_THREADS="1")
            return float(done.stdout.split("fitted in ")[1].split()[0])

        times = [(fit(1), fit(2)) for _ in range(3)]
    one, two = (statistics.median(each) for each in zip(*times, strict=True))
    yield Row("als, 1 million ratings, 2 processes of one thread", two, "1 process of one thread", one)


def of_large() -> Iterator[Row]:
    """From a zip of 25 million generated ratings to a model, against 25 times what one million take."""
    taken, peak = {}, {}
    for dataset in ("synthetic-1m", "synthetic-25m"):
        with tempfile.TemporaryDirectory() as folder:
            directory = Path(folder)
            changes = {"dataset": dataset, "solver": "als", "latent_factors": 32, "epochs": 10}
            (directory / "params.yaml").write_text(yaml.safe_dump({**DEFAULTS, **changes}))
            run(in_folder("fetch", directory))
            started = time.perf_counter()
            peak[dataset] = max(run(in_folder(stage, directory)).peak for stage in ("prepare", "train"))
            taken[dataset] = time.perf_counter() - started
    label = (
        f"synthetic-25m: prepare, als, 32 factors, 10 sweeps; peak {peak['synthetic-25m'] / 2**30:.1f} GiB"
    )
    yield Row(label, taken["synthetic-25m"], "25 × synthetic-1m", 25 * taken["synthetic-1m"])


def of_start() -> Iterator[Row]:
    """All stages' interpreters and imports, against importing PyTorch as often."""
    ours, torches = pair(
        lambda: [run([sys.executable, "-m", f"stages.{stage}", "--help"]) for stage in STAGES],
        lambda: [run([sys.executable, "-c", "import torch"]) for _ in STAGES],
        times=1,
    )
    yield Row(f"start-up of all {len(STAGES)} stages", ours, "importing torch as often", torches)


class Done(NamedTuple):
    """What a process printed, and the most memory that it took, in bytes."""

    stdout: str
    peak: int


def run(command: list[str], **environment: str) -> Done:
    """Run it in the repository; its failure is one of the benchmark."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        if status:
            raise RuntimeError(f"{' '.join(command)} failed: {output.read()}")
        return Done(output.read(), usage.ru_maxrss * 1024)


def in_folder(stage: str, directory: Path) -> list[str]:
    """The command of a stage as dvc.yaml has it, its paths below a directory."""
    words = PIPELINE["stages"][stage]["cmd"].split()
    paths = [word if word.startswith("--") else str(directory / word) for word in words[3:]]
    return [sys.executable, *words[1:3], *paths, "--params", str(directory / "params.yaml")]


def of_recommend() -> Iterator[Row]:
    """An answer for somebody new, imports left out, against training the model again with their ratings."""
    question = ["--like", "Toy Story", "--like", "se7en", "--rate", "heat=4.5", "--data", str(ROOT / "data")]

    def answer() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            recommend.main(question)

    answer()
    chosen = Hyperparameters.parse(DEFAULTS)
    ours, again = pair(answer, lambda: gibbs.fit(problem(), chosen))
    yield Row("a recommendation for somebody new", ours, "training again", again)


def of_pipeline() -> Iterator[Row]:
    """The whole of it in a fresh clone, the zip at hand, and once more with another number of clusters."""
    if "MOVIELENS_MIRROR" not in os.environ:
        sys.exit(
            "pipeline: name the folder of the zip in MOVIELENS_MIRROR; a download would be measured else"
        )
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run([str(shutil.which("git")), "clone", "--quiet", str(ROOT), str(clone)], check=True)

        def dvc(*arguments: str) -> Callable[[], object]:
            command = [sys.executable, "-m", "dvc", *arguments]
            return lambda: subprocess.run(command, cwd=clone, check=True, capture_output=True)

        cold, _ = pair(dvc("repro"), lambda: None, times=1)
        varied, _ = pair(dvc("exp", "run", "-S", "n_clusters=12"), lambda: None, times=1)
    given = problem()
    two = pair(lambda: loop_of_the_notebook(given.train, 2), lambda: None, times=1)[0]
    yield Row("dvc repro, all of it, cold", cold, "the notebook's training alone", 64 * two)
    yield Row("dvc exp run -S n_clusters=12", varied, "dvc repro, cold", cold)


BENCHMARKS: dict[str, Callable[[], Iterator[Row]]] = {
    "adam": of_adam,
    "als": of_als,
    "gibbs": of_gibbs,
    "scale": of_scale,
    "processes": of_processes,
    "large": of_large,
    "start": of_start,
    "recommend": of_recommend,
    "pipeline": of_pipeline,
}


if __name__ == "__main__":
    main(sys.argv[1:])
