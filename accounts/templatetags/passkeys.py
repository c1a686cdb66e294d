"""How a page hands a challenge to the script that talks to the browser."""

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """Return a value as JSON, for a data attribute; the template escapes it."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def lines(values: list[str]) -> str:
    """Return texts one below the other, as a file has them."""
    return "\n".join(values)
