"""What a rule can be had as: each export that there is, for this rule alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache

from transpile.export.detection import Detection, Exporter, detection
from transpile.export.formats import FORMATS, Format
from transpile.export.profile import Profile
from transpile.query import Query, Refused
from transpile.run.convert import Conversion
from transpile.targets import registry
from transpile.values import dataclass

_TITLES: Mapping[str, str] = {
    "splunk-savedsearches": "Saved search (savedsearches.conf)",
    "kibana-rules": "Kibana rule (NDJSON)",
    "kibana-saved-searches": "Kibana saved search (NDJSON)",
    "sentinel-yaml": "Sentinel analytics rule (YAML)",
    "sentinel-arm": "Sentinel ARM template",
    "defender-rules": "Defender detection rule (JSON)",
}
_OF_MANY = ("splunk-app",)
"""formats that are more than one file"""
_PROFILE = Profile()


@dataclass(frozen=True, slots=True)
class Download:
    """A file to download, for the query of one target."""

    target: str
    title: str
    name: str
    text: str

    @property
    def address(self) -> str:
        """The file as an address that holds it, so that a page brings it along."""
        return address_of(self.text)


def address_of(text: str) -> str:
    """An address that holds a text; from a folder, a browser downloads nothing else."""
    data = b64encode(text.encode("utf-8", "backslashreplace")).decode()
    return f"data:application/octet-stream;base64,{data}"


def downloads(conversion: Conversion) -> list[Download]:
    """The exports of a converted rule, target by target; what a format refuses is left out."""
    return [
        made
        for query in conversion.queries
        if query.text is not None
        for form in _formats(query.target)
        for made in _download(form, conversion, query)
    ]


@cache
def _formats(target: str) -> tuple[Format, ...]:
    dialect = registry.get(target).dialect
    return tuple(
        form for name, form in FORMATS.items() if dialect in form.dialects and name not in _OF_MANY
    )


def _download(form: Format, conversion: Conversion, query: Query) -> Iterator[Download]:
    if conversion.about is None:
        return
    try:
        made = detection(form.name, conversion, query, conversion.about, _PROFILE)
        files = _files(form.start(_PROFILE), made)
    except Refused:
        return
    for name, text in files:
        yield Download(query.target, _TITLES.get(form.name, form.name), name, text)


def _files(exporter: Exporter, made: Detection) -> list[tuple[str, str]]:
    exporter.add(made)
    return [(file.path.name, file.text) for file in exporter.files()]
