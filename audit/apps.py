from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who did what, when, and from where: below every other app, which all record their changes here."""

    name = "audit"
