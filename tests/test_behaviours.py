"""Every behavior of docs/behaviours.md has a test that names it, and no test names another."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| ([A-Z]-[0-9]{2,3}) \|")

Marker = tuple[str, str]  # the id, and where it stands


def listed() -> list[str]:
    """The ids in the order of the document."""
    lines = (ROOT / "docs" / "behaviours.md").read_text(encoding="utf-8").splitlines()
    return [found[1] for line in lines if (found := ROW.match(line))]


def markers_in(source: str, name: str) -> Iterator[Marker]:
    """The id of each `pytest.mark.spec(…)` of a file, wherever it is applied."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"pytest.mark.spec", "mark.spec"}:
            first = node.args[0] if node.args else node
            behavior = first.value if isinstance(first, ast.Constant) else ast.unparse(node)
            yield str(behavior), f"{name}:{node.lineno}"


def markers() -> list[Marker]:
    """All of them, read from the sources, so that it does not matter which tests run."""
    return [
        marker
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "node_modules" not in path.parts
        for marker in markers_in(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    ]


def test_every_behavior_is_shown_by_a_test() -> None:
    shown = {behavior for behavior, _ in markers()}
    missing = [behavior for behavior in listed() if behavior not in shown]
    assert not missing, f"docs/behaviours.md lists what no test names: {', '.join(missing)}"


def test_no_test_names_a_behavior_that_is_not_listed() -> None:
    known = set(listed())
    unknown = [f"{behavior} ({place})" for behavior, place in markers() if behavior not in known]
    assert not unknown, f"docs/behaviours.md does not list: {', '.join(unknown)}"


def test_the_list_is_complete_and_each_id_stands_in_it_once() -> None:
    ids = listed()
    assert len(ids) == len(set(ids))
    assert {behavior[0] for behavior in ids} == set("ATRJBVMWSOXYUIC")


def test_markers_are_found_wherever_they_stand() -> None:
    source = (
        "import pytest\n"
        "pytestmark = [pytest.mark.spec('A-01', 'x')]\n"
        "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.spec('A-02', 'x'))])\n"
        "@pytest.mark.spec('A-03', 'x')\n"
        "def test_it(a): ...\n"
        "@pytest.mark.spec(NAME, 'x')\n"
        "def test_more(): ...\n"
    )
    found = {behavior for behavior, _ in markers_in(source, "test_x.py")}
    assert found == {"A-01", "A-02", "A-03", "pytest.mark.spec(NAME, 'x')"}
