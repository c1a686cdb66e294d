"""The WSGI application that granian serves."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup(set_prefix=False)

from server.dispatcher import Application  # noqa: E402  # needs settings

application = Application()
