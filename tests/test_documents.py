"""What README and docs name is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# docs/architecture.md says `models/issuing.py`, not `oauthapps/models/issuing.py`.
BEGINNINGS = [ROOT, ROOT / "oauthapps"]
# Made when the server runs, and what every door has of its own.
NOT_HERE = {"var/", "views/", "urls.py"}

PATH = re.compile(r"`([\w-]+(?:/[\w-]+)*(?:/|\.(?:py|md|toml|txt|conf)))(?::(\w+))?`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)\)")
COMMAND = re.compile(r"manage\.py (\w+)")


def named(document: Path) -> Iterator[tuple[str, str]]:
    """The paths a document names, each with what is in that file, if it says so."""
    text = document.read_text(encoding="utf-8")
    yield from PATH.findall(text)
    yield from (
        (str((document.parent / link).resolve().relative_to(ROOT)), "") for link in LINK.findall(text)
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_is_named_exists(document: Path) -> None:
    for path, inside in named(document):
        found = [file for beginning in BEGINNINGS if (file := beginning / path).exists()]
        assert found or path in NOT_HERE, path
        assert not inside or re.search(rf"\b{inside}\b", found[0].read_text(encoding="utf-8")), (path, inside)


def test_every_command_that_is_named_exists() -> None:
    commands = {file.stem for file in ROOT.glob("*/management/commands/*.py")}
    for document in DOCUMENTS:
        assert set(COMMAND.findall(document.read_text(encoding="utf-8"))) <= commands, document.name
