"""What the documents say is there, is there; and what is there, they say where they must."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.private_names import names_in

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [
    path
    for folder in ("accounts", "audit", "common", "config", "oauthapps", "server")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
# docs/architecture.md says `sql/issuing.py`, not `oauthapps/sql/issuing.py`.
BEGINNINGS = [ROOT, ROOT / "oauthapps"]
# Made when the server runs, and what every interface has of its own.
NOT_HERE = {"var/", "views/", "urls.py"}
LONGEST_README = 130

PATH = re.compile(r"`([\w-]+(?:/[\w-]+)*(?:/|\.(?:py|md|toml|txt|conf)))(?::(\w+))?`")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"manage\.py (\w+)")
READ = re.compile(r'\b(?:text|token|flag|number|proxies|choice)\(\s*"([A-Z_]+)"')
A_SECRET = "a-secret-of-the-example-0123456789-abcdefghijklmnopqrstuvwxyz"
EXAMPLE = re.compile(r"^#?([A-Z_]+)=(.*)$", re.MULTILINE)
VARIABLE = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def links_in(document: Path) -> Iterator[tuple[Path, str]]:
    """The files a document leads to, each with the place in it, if it names one."""
    for path, anchor in LINK.findall(CODE.sub("", text_of(document))):
        yield (document.parent / path).resolve() if path else document, anchor


def named(document: Path) -> Iterator[tuple[str, str]]:
    """The paths a document names, each with what is in that file, if it says so."""
    yield from PATH.findall(text_of(document))
    yield from ((str(path.relative_to(ROOT)), "") for path, _ in links_in(document))


def anchors_of(document: Path) -> set[str]:
    """What a link may name of a document: its headings as GitHub writes them in addresses."""
    headings = HEADING.findall(CODE.sub("", text_of(document)))
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_is_named_exists(document: Path) -> None:
    for path, inside in named(document):
        found = [file for beginning in BEGINNINGS if (file := beginning / path).exists()]
        assert found or path in NOT_HERE, path
        assert not inside or re.search(rf"\b{inside}\b", text_of(found[0])), (path, inside)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_place_that_exists(document: Path) -> None:
    for path, anchor in links_in(document):
        assert not anchor or anchor in anchors_of(path), (path.name, anchor)


def test_every_document_can_be_reached_from_readme() -> None:
    reached: set[Path] = set()
    found = {ROOT / "README.md"}
    while found - reached:
        document = (found - reached).pop()
        reached.add(document)
        found |= {path for path, _ in links_in(document) if path.suffix == ".md"}
    assert reached == set(DOCUMENTS)


def test_every_command_that_is_named_exists() -> None:
    commands = {file.stem for file in ROOT.glob("*/management/commands/*.py")}
    commands.add("version")  # manage.py answers it itself (tests/config/test_version.py)
    for document in DOCUMENTS:
        assert set(COMMAND.findall(text_of(document))) <= commands, document.name


def test_every_invariant_names_what_shows_it() -> None:
    section = text_of(ROOT / "docs" / "architecture.md").split("\n## Invariants\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert rows
    for row in rows:
        invariant, shown_by = row.strip("| ").rsplit(" | ", 1)
        assert re.search(r"`tests/[\w/]+(?:\.py|/)`|`lint-imports`", shown_by), invariant


def test_readme_is_short() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) <= LONGEST_README


def test_every_variable_that_is_read_is_documented_and_no_other() -> None:
    found = {name for path in SOURCES for name in READ.findall(text_of(path))}
    documented = VARIABLE.findall(text_of(ROOT / "docs" / "operating.md"))
    assert sorted(found) == sorted(documented)


@pytest.mark.spec("O-80", "operation")
def test_the_example_of_an_environment_has_every_variable_in_the_order_of_the_table() -> None:
    example = EXAMPLE.findall(text_of(ROOT / "deploy" / "gatehouse.env.example"))
    documented = VARIABLE.findall(text_of(ROOT / "docs" / "operating.md"))
    assert [name.removesuffix("_FILE") for name, _ in example] == documented


@pytest.mark.spec("O-80", "operation")
def test_every_value_of_the_example_is_taken(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"]}
    for name, value in EXAMPLE.findall(text_of(ROOT / "deploy" / "gatehouse.env.example")):
        if name.endswith("_FILE"):
            (tmp_path / name).write_text(A_SECRET, encoding="utf-8")
        environment[name] = str(tmp_path / name) if name.endswith("_FILE") else value.strip('"')
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_private_name_that_is_leaned_on_is_listed() -> None:
    listed = text_of(ROOT / "docs" / "upgrading.md")
    missing = sorted(
        name for name in names_in(SOURCES) if not re.search(rf"(?<!\w){re.escape(name)}\b", listed)
    )
    assert not missing
