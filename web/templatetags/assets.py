"""`{% import_map %}`: tells the browser where to find the modules that our scripts import by name."""

import json

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from web import assets

register = template.Library()


@register.simple_tag(takes_context=True)
def import_map(context: Context) -> SafeString:
    """Return a `<script type="importmap">`; it must come before the page's first module."""
    text = json.dumps(assets.import_map(), separators=(",", ":")).replace("<", "\\u003c")
    nonce = getattr(context.get("request"), "csp_nonce", "")
    # Safe: in this JSON no tag can begin.
    return format_html('<script type="importmap" nonce="{}">{}</script>', str(nonce), mark_safe(text))  # noqa: S308
