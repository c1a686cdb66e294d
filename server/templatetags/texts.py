"""Texts in templates."""

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

BREAK = mark_safe("_<wbr>")


@register.filter
def breakable(text: str) -> SafeString:
    """Return a code such as "invalid_grant" in HTML, where lines may break after each underscore."""
    return format_html_join(BREAK, "{}", ((part,) for part in text.split("_")))


@register.filter
def readable(field: BoundField) -> list[str]:
    """Return what a form's field holds, in words: each line of text or each choice; none if it is empty."""
    value = field.value()
    if isinstance(field.field, forms.BooleanField):
        return ["On" if value else "Off"]
    if isinstance(field.field.widget, forms.widgets.ChoiceWidget):
        return [str(each.choice_label) for each in field.subwidgets if each.data["selected"]]
    return str(value or "").splitlines()
