"""Builds the image of Containerfile on a machine without a container engine.

Its instructions are carried out as they stand there. This machine stands for the base image and for Debian's
packages, which are not installed: it has PostgreSQL's programs, and a Python that gets its pip here.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from devtools.venv import base_python
from tests.infrastructure.containerfile import Instruction, Stage, given_files
from tests.infrastructure.installation import ROOT
from tests.infrastructure.layers import Layers

WITH_PIP = "/opt/python"
PATH = f"{WITH_PIP}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BUILD_SECONDS = 300


class Image:
    """What one stage makes: files in a folder of `layers`; in `said` are instructions on how to run it."""

    def __init__(self, layers: Layers, name: str) -> None:
        self.layers, self.name = layers, name
        self.working = "/"
        self.environment = {"PATH": PATH}
        self.said: dict[str, Instruction] = {}
        # Everybody can reach the Python of a base image; this one may be in somebody's own folder.
        for folder in reversed(Path(base_python()).parents):
            self.path(folder).mkdir(mode=0o755, exist_ok=True)

    def path(self, path: Path | str) -> Path:
        """Where the tests find a file of this image that isn't this machine's."""
        return self.layers.path(f"{self.name}{Path(self.working) / path}")

    def carry_out(self, step: Instruction, others: Mapping[str, "Image"]) -> None:
        """Do what an instruction says, or keep what it says of running the image."""
        if step.name == "WORKDIR":
            self.working = step.text
            self.path(".").mkdir(parents=True, exist_ok=True)
        elif step.name == "ENV":
            self.environment |= dict(word.split("=", 1) for word in step.words)
        elif step.name == "RUN" and not step.text.startswith("apt-get "):
            self.run(step.text)
        elif step.name == "COPY":
            source, target = step.words
            if "from" in step.flags:
                owner = step.flags.get("chown", "0:0")
                copy_contents(others[step.flags["from"]].path(source), self.path(target), owner)
            else:
                copy_files(source, self.path(target))
        else:
            self.said[step.name] = step

    def run(self, script: str) -> None:
        """Run a script as root, and keep what it changes."""
        command = self.layers.command(
            self.layers.writable(self.name), self.working, [], "/bin/sh", "-c", script
        )
        # Where packages come from is this machine's affair.
        own = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "HOME"}
        environment = own | self.environment
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


def copy_files(source: str, target: Path) -> None:
    """Copy a file of the project, or with `.` all that an engine is given of it."""
    names = [name for name in given_files() if source in {".", name}]
    assert names, source
    for name in names:
        file = target / name if source == "." else target
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, file)


def copy_contents(source: Path, target: Path, owner: str) -> None:
    """Copy what is in a folder, for this owner; folders that are there already keep theirs."""
    for entry in source.iterdir():
        subprocess.run(["cp", "--archive", str(entry), str(target)], check=True)
        chown = ["chown", "--recursive", "--no-dereference", owner, str(target / entry.name)]
        subprocess.run(chown, check=True)


def build(layers: Layers, stages: Sequence[Stage]) -> Image:
    """Carry out all stages, and return the image of the last."""
    images: dict[str, Image] = {}
    for number, stage in enumerate(stages):
        image = Image(layers, stage.name or str(number))
        if number == 0:
            image.run(f"{base_python()} -m venv {WITH_PIP}")
        for step in stage.instructions:
            image.carry_out(step, images)
        images[image.name] = image
    return image
