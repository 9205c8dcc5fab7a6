"""What a site consists of: its pages and its other files, by their paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from transpile.attack import RELEASE
from transpile.catalog.collection import Collection, Counted, is_hidden
from transpile.catalog.downloads import Download, address_of
from transpile.catalog.matrix import matrix, navigator_layer
from transpile.catalog.page import STATIC, Page, inline, render, static
from transpile.catalog.search_data import search_data
from transpile.explain.event_check import CheckedEvent
from transpile.explain.explanation import Explanation
from transpile.explain.former_names import former_name
from transpile.targets import registry
from transpile.values import dataclass

_INDEX, _MATRIX, _BROKEN, _LIST = "index.html", "attack.html", "broken.html", "rules/index.html"
_TRY, _TRY_SCRIPT = "try", "try.js"
_DATA, _LAYER = "data/rules.js", "data/navigator-layer.json"


EXAMPLE = """\
title: Download by PowerShell
status: test
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image|endswith: '\\powershell.exe'
        CommandLine|contains:
            - '.DownloadString('
            - '.DownloadFile('
    condition: selection
level: medium
tags:
    - attack.execution
    - attack.t1059.001
"""


@dataclass(frozen=True)
class Site:
    """A catalogue as a site; `live` where a server gives it out, and has a page to try rules."""

    collection: Collection
    targets: tuple[str, ...]
    title: str
    live: bool = False

    def paths(self) -> Iterator[str]:
        """Every path of the site."""
        yield from (_INDEX, _MATRIX, _BROKEN, _LIST, _DATA, _LAYER)
        yield from (f"static/{name}" for name in STATIC)
        if self.live:
            yield from (_TRY, f"static/{_TRY_SCRIPT}")
        yield from (f"rules/{slug}.html" for slug in self.collection.rules)
        yield from (f"indicators/{slug}.html" for slug in self.collection.shared)

    def content(self, path: str) -> Page | str:
        """The page or the text of that path.

        Raises KeyError: the site has no such path.
        """
        if path in self._made:
            return self._made[path]()
        folder, _, name = path.partition("/")
        slug = name.removesuffix(".html")
        if folder == "static" and (name in STATIC or (self.live and name == _TRY_SCRIPT)):
            return static(name)
        if not name.endswith(".html"):
            raise KeyError(path)
        if folder == "rules":
            return self._rule(path, slug)
        if folder == "indicators":
            return self._indicator(path, slug)
        raise KeyError(path)

    @cached_property
    def _made(self) -> dict[str, Callable[[], Page | str]]:
        tried = {_TRY: lambda: self._page(_TRY, "try.html", example=EXAMPLE)} if self.live else {}
        return {
            **tried,
            _INDEX: self._index,
            _MATRIX: self._matrix,
            _BROKEN: lambda: self._page(_BROKEN, "broken.html"),
            _LIST: lambda: self._page(_LIST, "list.html", rules=self._by_title()),
            _DATA: lambda: search_data(self.collection, self.targets),
            _LAYER: lambda: navigator_layer(self.collection, self.title),
        }

    def _page(self, path: str, template: str, **context: Any) -> Page:
        shared = {
            "site": self.title,
            "live": self.live,
            "broken": self.collection.broken if template == "broken.html" else (),
            "broken_count": len(self.collection.broken),
        }
        return Page(path, template, {**shared, **context})

    def _by_title(self) -> list[Any]:
        links = map(self.collection.link, self.collection.rules)
        return sorted(links, key=lambda link: (link.title.casefold(), link.slug))

    def _index(self) -> Page:
        rules = self.collection.rules.values()
        return self._page(
            _INDEX,
            "index.html",
            total=len(rules),
            titles=[registry.get(name).title for name in self.targets],
            hidden=sum(map(is_hidden, rules)),
        )

    def _matrix(self) -> Page:
        columns = matrix(self.collection)
        layer = address_of(navigator_layer(self.collection, self.title))
        return self._page(_MATRIX, "attack.html", columns=columns, release=RELEASE, layer=layer)

    def _rule(self, path: str, slug: str) -> Page:
        rule = self.collection.rules[slug]
        return self._page(
            path,
            "rule.html",
            **rule_context(rule, self.collection.downloads[slug]),
            counted=self.collection.counted(rule),
            related=self.collection.related(slug),
        )

    def _indicator(self, path: str, slug: str) -> Page:
        key = self.collection.shared[slug]
        rules = self.collection.seekers(key)
        first = self.collection.rules[rules[0].slug]
        spelled = next(one.value for one in first.indicators if one.key == key)
        return self._page(
            path, "indicator.html", field=key.field, kind=key.kind, value=spelled, rules=rules
        )


def rule_context(rule: Explanation, downloads: Sequence[Download] = ()) -> dict[str, Any]:
    """What the templates about one rule ask for."""
    by_target: dict[str, list[Download]] = {target.name: [] for target in rule.targets}
    for download in downloads:
        by_target[download.target].append(download)
    return {
        "rule": rule,
        "head": rule.head,
        "about": rule.head.about,
        "former": {tactic.key: former_name(tactic) for tactic in rule.attack.tactics},
        "downloads": by_target,
    }


def single_page(
    rule: Explanation, counted: Sequence[Counted], checked: Sequence[CheckedEvent] = ()
) -> str:
    """A page about one rule that is one file; the indicators have no pages to lead to."""
    without_pages = [Counted(one.indicator, one.count, "") for one in counted]
    context = rule_context(rule)
    return render(
        Page(
            "rule.html",
            "single.html",
            {
                **context,
                "site": "sigma-transpile",
                "broken_count": 0,
                "inline": inline(),
                "counted": without_pages,
                "checked": checked,
            },
        )
    )
