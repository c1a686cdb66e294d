"""How tests import and export."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.transfer.documents import document


@dataclass
class Told:
    """What an import has printed.

    Attributes:
        counts: how many things came to each outcome.
        lines: outcome, place without the name of its file, and text.
        next_steps: what is left to do.
        error: the line it failed with; empty if it did not.
    """

    counts: dict[str, int]
    lines: list[tuple[str, str, str]]
    next_steps: list[str]
    error: str
    printed: str

    @property
    def refusals(self) -> dict[str, str]:
        """What is refused, by place."""
        return {place: text for outcome, place, text in self.lines if outcome == "refused"}

    @property
    def kept(self) -> list[str]:
        """What stays as it is here."""
        return [text for outcome, _, text in self.lines if outcome == "kept"]

    @property
    def changed(self) -> list[str]:
        """What has another value."""
        return [text for outcome, _, text in self.lines if outcome == "changed"]


class Transfer:
    """Runs both commands as an operator does."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        self.folder, self.monkeypatch, self.capture = folder, monkeypatch, capfdbinary

    def write(self, text: str | bytes | dict[str, Any], name: str = "moving.json") -> Path:
        """Write a file and return its path."""
        path = self.folder / name
        if isinstance(text, dict):
            text = json.dumps(text)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def load(self, content: str | bytes | dict[str, Any] | None = None, *options: str) -> Told:
        """Import one document."""
        return self.load_files(self.write(document() if content is None else content), options=options)

    def load_files(self, *files: Path | str, options: tuple[str, ...] = (), stdin: bytes = b"") -> Told:
        """Import files."""
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self.capture.readouterr()
        error = ""
        try:
            call_command("import", *map(str, files), "--json", *options)
        except CommandError as refused:
            error = str(refused)
            assert "\n" not in error
        printed = self.capture.readouterr().out.decode()
        told = json.loads(printed)
        lines = [(line["outcome"], self.short(line["place"]), line["text"]) for line in told.pop("lines")]
        return Told(told, lines, told.pop("next_steps"), error, printed)

    def say(self, *arguments: str) -> str:
        """Run a command that people read and return what it says."""
        self.capture.readouterr()
        call_command(*arguments)
        return self.capture.readouterr().out.decode()

    def save(self) -> bytes:
        """Export."""
        self.capture.readouterr()
        call_command("export")
        return self.capture.readouterr().out

    def short(self, place: str) -> str:
        """A place without the name of this test's document."""
        return place.removeprefix(str(self.folder / "moving.json")).replace(f"{self.folder}/", "").strip()


@pytest.fixture
def transfer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Transfer:
    return Transfer(tmp_path, monkeypatch, capfdbinary)
