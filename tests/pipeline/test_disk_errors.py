"""If a stage cannot write, nothing is lost; test_cli.py has the message that a command makes of the error."""

import resource
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO

import pytest

from tests.pipeline.conftest import Repository
from tests.pipeline.test_parameter_fuzzing import run_stage
from tests.repository import STAGES

pytestmark = pytest.mark.long


@contextmanager
def full_disk() -> Iterator[None]:
    """Files may have 100 bytes in this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_lost_on_a_full_disk(repository: Repository, stage: str) -> None:
    before, printed = repository.contents(), StringIO()
    error = pytest.raises(OSError, match="File too large")
    with redirect_stdout(printed), redirect_stderr(printed), chdir(repository.path), error, full_disk():
        run_stage(stage)
    assert repository.contents() == before
