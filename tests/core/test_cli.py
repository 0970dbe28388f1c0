"""A stage on the command line ends with one clear message when something is wrong."""

from pathlib import Path

import pytest

from stages import fetch
from stages.core.cli import UserError


def stage(source: Path, target: Path = Path("default")) -> None:
    """Do something with SOURCE."""
    if source == Path("missing"):
        raise UserError("there is nothing at missing")
    if source == Path("full"):
        raise OSError(28, "No space left on device")
    if source == Path("slow"):
        raise KeyboardInterrupt
    print(source, target)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr("sys.argv", ["/somewhere/stages/stage.py", *arguments])
    try:
        command.run(stage)
    except SystemExit as stop:
        return stop.code
    return 0


def test_paths_are_taken_from_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--source", "a b") == 0
    assert capsys.readouterr().out == "a b default\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing", "stage: there is nothing at missing"),
        ("full", "stage: [Errno 28] No space left on device"),
    ],
)
def test_what_the_user_can_put_right_is_a_message_and_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    assert run(monkeypatch, "--source", source) == message  # SystemExit with a text has status 1


def test_an_interrupt_ends_with_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--source", "slow") == 130


def test_help_describes_the_stage_and_its_paths(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--help") == 0
    shown = capsys.readouterr().out
    assert "Do something with SOURCE." in shown
    assert "--target" in shown
    assert "default: default" in shown


def test_a_message_begins_with_the_name_of_the_stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("dataset: ml-2m\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stages/fetch.py", "--raw", "raw"])
    with pytest.raises(SystemExit, match=r"fetch: dataset is 'ml-2m', which is none of ml-latest-small"):
        command.run(fetch.main)
    assert not (tmp_path / "raw").exists()
