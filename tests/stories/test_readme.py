"""README's first token in five minutes, typed as it stands there."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.infrastructure.installation import Installation
from tests.infrastructure.leaving_out import require
from tests.stories.documents import BASE_URL, examples, looks_like

pytestmark = pytest.mark.story


def test_the_first_token_comes_as_readme_says(tmp_path: Path) -> None:
    require("openssl")
    steps = [example for example in examples("README.md") if example.heading.startswith("The first token")]
    with Installation(tmp_path / "gatehouse", {}, first_run=True) as installation:
        for step in steps:
            typed = step.command.replace(BASE_URL, installation.base_url)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", typed],
                cwd=installation.folder,
                env={"PATH": os.environ["PATH"]},
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr
            for printed in step.answers:
                assert looks_like(printed, installation.base_url).fullmatch(done.stdout.strip()), done.stdout
        assert any(step.answers for step in steps)
