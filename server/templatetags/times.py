"""Dates and times in templates: when something happened, how long ago that was, and how long things last."""

from datetime import datetime

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.timesince import timesince

from common import times
from common.words import span_in_words

register = template.Library()
ONE_MINUTE = 60

register.filter("short_date", times.short_date)
register.filter("short_time", times.short_time)


@register.filter
def ago(at: datetime) -> str:
    """Return how long ago a time was, or how far off it is, in its largest unit, such as "3 weeks ago"."""
    now = timezone.now()
    if abs((now - at).total_seconds()) < ONE_MINUTE:
        return str(naturaltime(at)).replace("now", "just now")
    if at > now:
        return f"in {timesince(now, at, depth=1)}"
    return f"{timesince(at, now, depth=1)} ago"


@register.simple_tag
def duration_of(setting: str) -> str:
    """Return the value of a setting that is a number of seconds in words, such as "24 hours"."""
    return span_in_words(getattr(settings, setting))
