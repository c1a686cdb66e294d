"""The WSGI application for servers other than `manage.py serve`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup(set_prefix=False)

from server.dispatcher import Application  # noqa: E402  # needs settings
from server.unsafe_settings import refuse_unsafe_settings  # noqa: E402

refuse_unsafe_settings()
application = Application()
