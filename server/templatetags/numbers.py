"""Numbers in templates."""

from django import template

register = template.Library()


@register.filter
def with_commas(number: int) -> str:
    """Return a whole number with its thousands apart, such as "4,210"."""
    return f"{number:,}"
