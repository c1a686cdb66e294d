"""The WSGI application that granian serves."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup(set_prefix=False)

from config.handlers import Handler  # noqa: E402  # needs settings
from config.proxies import behind_proxies  # noqa: E402  # likewise

application = behind_proxies(Handler())
