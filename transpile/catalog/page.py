"""Pages as HTML. Everything that comes from a rule is escaped; the pages run only our scripts."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from transpile.values import dataclass

STATIC = ("site.css", "theme.js", "site.js", "search.js")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src {connect}; base-uri 'none'; form-action 'none'"
)
"""what a page may load: files of the site itself, and nothing from anywhere else"""


@dataclass(frozen=True)
class Page:
    """A page: plain data, until `render` makes it HTML."""

    path: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


def render(page: Page) -> str:
    """The page as HTML."""
    depth = page.path.count("/")
    template = _environment().get_template(page.template)
    defaults = {"root": "../" * depth, "live": False, "inline": None}
    return template.render({**defaults, **page.context})


@cache
def static(name: str) -> str:
    """A file that pages load, by its name."""
    return (files("transpile.catalog") / "static" / name).read_text("utf-8")


def policy(*, live: bool) -> str:
    """The content security policy; only pages of a server may ask it for more."""
    return POLICY.format(connect="'self'" if live else "'none'")


@dataclass(frozen=True)
class Inline:
    """What a page that is one file has inside: our own style and scripts, and the policy."""

    style: Markup
    script: Markup
    policy: str


@cache
def inline() -> Inline:
    """Style and scripts to put into a page; the policy allows these texts and no others."""
    style = static("site.css")
    script = static("theme.js") + static("site.js")
    return Inline(
        Markup(style),  # noqa: S704 (our own files)
        Markup(script),  # noqa: S704
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}';"
        " img-src data:; base-uri 'none'; form-action 'none'",
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"sha256-{digest}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("transpile.catalog"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["web_address"] = web_address
    environment.filters["visible"] = visible
    environment.tests["kept_by_html"] = kept_by_html
    environment.globals["policy"] = policy
    return environment


_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\\]+", re.IGNORECASE)


def web_address(text: str) -> str:
    """The text where it is an address of the web, which may become a link; else nothing."""
    return text if _ADDRESS.fullmatch(text) else ""


def visible(text: object) -> str:
    """Text with control characters, and those that turn the direction of text, as escapes."""
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in shown
    )


_CHANGED = re.compile("[\0\r\ud800-\udfff]")


def kept_by_html(text: str) -> bool:
    """Whether the text is the same after a browser has read it out of a page."""
    return _CHANGED.search(text) is None
