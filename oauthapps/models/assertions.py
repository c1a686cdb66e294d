from django.db import models

from oauthapps.models.applications import Application


class ClientAssertion(models.Model):
    """The `jti` of an assertion that a client has authenticated with (RFC 7523 section 3, item 7)."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, db_index=False)
    digest = models.CharField(max_length=64)
    # Until when the row must stay to refuse the same again.
    expires = models.DateTimeField(db_index=True)

    class Meta:
        default_related_name = "+"
        constraints = [
            models.UniqueConstraint(fields=["application", "digest"], name="client_assertion_used_once")
        ]

    def __str__(self) -> str:
        return f"Assertion {self.pk}"
