"""The README shows what the commands show, and names what there is."""

import ast
import re
import shlex
import subprocess
import sys

import pytest

from tests.repository import ROOT, STAGES

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINE = r"^\d+ +(.+?\(\d+\)) +([\d.]+) ±"


@pytest.mark.skipif(
    not (ROOT / "data" / "model.pt").exists(), reason="no model has been trained here; dvc repro makes it"
)
def test_the_answer_is_what_the_command_prints() -> None:
    """But for a title or two, and a tenth of a star: another processor may round otherwise."""
    section = README.split("## A film for tonight")[1]
    question, answer = re.findall(r"```\w+\n(.*?)```", section, flags=re.DOTALL)[:2]
    words = shlex.split(question)
    assert words[:3] == ["python", "-m", "stages.recommend"]
    command = [sys.executable, *words[1:]]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    shown, found = (dict(re.findall(LINE, text, flags=re.MULTILINE)) for text in (answer, printed))
    assert len(shown) == 5
    both = shown.keys() & found.keys()
    assert len(both) >= 3
    for title in both:
        assert float(shown[title]) == pytest.approx(float(found[title]), abs=0.11)


def test_the_picture_is_what_dvc_draws() -> None:
    drawn = re.search(r"```mermaid\nflowchart TD\n(.*?)```", README, flags=re.DOTALL)
    assert drawn
    dag = [sys.executable, "-m", "dvc", "dag", "--mermaid"]
    shown = subprocess.run(dag, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = dict(re.findall(r'(node\d+)\["(\w+)"\]', shown))
    edges = {(names[one], names[other]) for one, other in re.findall(r"(node\d+)-->(node\d+)", shown)}
    assert set(re.findall(r"^    (\w+)-->(\w+)$", drawn[1], flags=re.MULTILINE)) == edges


def test_every_stage_is_in_the_table() -> None:
    table = README.split("| stage | reads | writes |")[1].split("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", table, flags=re.MULTILINE) == STAGES


def test_every_file_that_is_linked_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def said() -> set[str]:
    """Every text of the stages, with … in place of what is put into it."""
    texts = set()
    for path in (ROOT / "stages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                texts.add("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    return texts


SAID_BY_OTHERS = {
    "`params.yaml: … is …; input should be …`": "tests/pipeline/test_run.py",
    "`certificate has expired`": "tests/test_fetch.py",
    "`[Errno 28] No space left on device`": "tests/test_command.py",
    "`[Errno 13] Permission denied`": "tests/pipeline/test_no_room.py",
    "`is busy, it is being blocked by`": "tests/pipeline/test_workflows.py",
    "`Unable to read RWLock-file`": "tests/pipeline/test_interruptions.py",
    "`failed to load some metrics`": "tests/pipeline/test_interruptions.py",
    "`missing-files`": "tests/pipeline/test_workflows.py",
    "`Key '…' is not in struct`": "tests/pipeline/test_workflows.py",
    "`dvc.lock' validation failed`": "tests/pipeline/test_interruptions.py",
}
"""Messages of DVC, pydantic, Python and the system, and the test that has met them."""


def test_every_message_in_the_table_of_faults_is_one_that_is_said() -> None:
    table = README.split("| message | because | way out |")[1].split("\n\n")[0]
    messages = re.findall(r"^\| (`.+?`) \|", table, flags=re.MULTILINE)
    assert len(messages) > 15
    texts = said()
    for message in messages:
        if message in SAID_BY_OTHERS:
            parts = message.strip("`").split("…")
            met = (ROOT / SAID_BY_OTHERS[message]).read_text(encoding="utf-8")
            assert all(part in met for part in parts), message
        else:
            assert any(message.strip("`…") in text for text in texts), message
