"""When something happened, as people say it."""

from datetime import datetime

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.timesince import timesince

register = template.Library()
ONE_MINUTE = 60


@register.filter
def ago(moment: datetime) -> str:
    """Return how long ago a moment was, or how far off it is, in its largest unit, such as "3 weeks ago"."""
    now = timezone.now()
    if abs((now - moment).total_seconds()) < ONE_MINUTE:
        return str(naturaltime(moment))
    if moment > now:
        return f"in {timesince(now, moment, depth=1)}"
    return f"{timesince(moment, now, depth=1)} ago"
