from django.db import models
from django.urls import reverse
from django.utils import timezone

from oauthapps.models.applications import Application
from oauthapps.rules.logos import encoding


class Logo(models.Model):
    """An application's picture: a PNG of 256 by 256 pixels, in the database so that every instance has it."""

    application = models.OneToOneField(
        Application, primary_key=True, on_delete=models.CASCADE, related_name="logo"
    )
    png = models.BinaryField(max_length=encoding.MAX_LOGO_BYTES)
    digest = models.CharField(max_length=64, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Logo of {self.application_id}"

    def get_absolute_url(self) -> str:
        """Return the picture's URL, which changes with the picture."""
        return reverse("logo", args=[self.digest])
