"""Another SECRET_KEY, as after `manage.py rotate_secret_key` and a restart."""

from pytest_django import Settings

NEW_KEY = "the-new-key-that-is-long-enough-for-the-test-suite"


def rotate(settings: Settings, *, forget: bool = False) -> None:
    """Replace the key; the former one is accepted still, unless it is forgotten."""
    former = [] if forget else [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, former
