"""An administrator with a browser."""

from tests.console.conftest import administrator, console

__all__ = ["administrator", "console"]
