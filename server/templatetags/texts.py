"""Texts in templates."""

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

BREAK = mark_safe("_<wbr>")


@register.filter
def breakable(text: str) -> SafeString:
    """Return a code such as "invalid_grant" in HTML, where lines may break after each underscore."""
    return format_html_join(BREAK, "{}", ((part,) for part in text.split("_")))
