import sys
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.schema import ensure_tables, keep_secret_key
from oauthapps.transfer.exporting import export_document


class Command(BaseCommand):
    help = (
        "Write the organization, its people, APIs and applications to standard output, as the document that "
        "manage.py import reads. No secret is in it."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        ensure_tables()
        keep_secret_key()
        sys.stdout.buffer.write(export_document())
        sys.stdout.buffer.flush()
