"""The model of the configuration file: its tables and keys, and a sentence on each."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

Text: TypeAlias = Annotated[str, Meta(min_length=1)]
Texts: TypeAlias = Annotated[list[Text], Meta(min_length=1)]


class Convert(Struct, frozen=True, forbid_unknown_fields=True):
    """Of `convert`."""

    output: Annotated[
        Text | UnsetType,
        Meta(description="The folder that the queries of `rules` are written to."),
    ] = UNSET
    format: Annotated[
        Text | UnsetType, Meta(description="How queries are printed where no folder is given.")
    ] = UNSET


class Export(Struct, frozen=True, forbid_unknown_fields=True):
    """Of `export`, and of `check` where it checks an export."""

    format: Annotated[Text | UnsetType, Meta(description="The format, as in `export --as`.")] = (
        UNSET
    )
    output: Annotated[
        Text | UnsetType,
        Meta(description="The folder that the export of `rules` is written to."),
    ] = UNSET
    target: Annotated[
        Text | UnsetType,
        Meta(description="Whose queries the export holds; each format has a default."),
    ] = UNSET
    profile: Annotated[
        Text | UnsetType,
        Meta(description="The file with schedules, severities and what else is yours."),
    ] = UNSET


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """Of `check`."""

    output: Annotated[
        Text | UnsetType,
        Meta(description="The folder to check: one that `convert` or `export` writes to."),
    ] = UNSET
    diff: Annotated[
        bool | UnsetType, Meta(description="Whether differences are printed line by line.")
    ] = UNSET


class Catalog(Struct, frozen=True, forbid_unknown_fields=True):
    """Of `catalog`."""

    output: Annotated[
        Text | UnsetType, Meta(description="The folder that the site of `rules` is written to.")
    ] = UNSET
    title: Annotated[
        Text | UnsetType, Meta(description="What the site is called, that of `serve` too.")
    ] = UNSET


class Explain(Struct, frozen=True, forbid_unknown_fields=True):
    """Of `explain`."""

    corpus: Annotated[
        list[Text] | UnsetType,
        Meta(description="Folders of rules in which it counts how many look for the same."),
    ] = UNSET


class Verify(Struct, frozen=True, forbid_unknown_fields=True):
    """Of `verify`."""

    engine: Annotated[
        Text | UnsetType,
        Meta(description="The URL of an Elasticsearch to use instead of one started on the spot."),
    ] = UNSET
    events: Annotated[
        Text | UnsetType,
        Meta(description="A file of events to run queries on instead of boundary events."),
    ] = UNSET


class Splunk(Struct, frozen=True, forbid_unknown_fields=True):
    """Of your Splunk."""

    index: Annotated[
        Text | Annotated[dict[Text, Text], Meta(min_length=1)] | UnsetType,
        Meta(
            description="The index of all events, or a table of indexes by product,"
            " product/service or product/category."
        ),
    ] = UNSET
    summariesonly: Annotated[
        bool | UnsetType,
        Meta(description="Whether searches of data models pass over what is not summarised yet."),
    ] = UNSET


class Elastic(Struct, frozen=True, forbid_unknown_fields=True):
    """Of your Elasticsearch."""

    windows: Annotated[
        Text | UnsetType,
        Meta(
            description="event_data where no ingest pipeline takes Windows events apart, modules"
            " where those of the integrations or of Winlogbeat do."
        ),
    ] = UNSET


class Sentinel(Struct, frozen=True, forbid_unknown_fields=True):
    """Of your Sentinel workspace."""

    windows: Annotated[
        Text | Texts | Annotated[dict[Text, Text | Texts], Meta(min_length=1)] | UnsetType,
        Meta(
            description="The table or tables that have Windows events, for the target sentinel, or"
            " these by service, category or channel."
        ),
    ] = UNSET


class Cache(Struct, frozen=True, forbid_unknown_fields=True):
    """Of `convert`, `export` and `check`, which keep conversions."""

    folder: Annotated[
        Text | UnsetType,
        Meta(
            description="Where conversions are kept between runs; SIGMA_TRANSPILE_CACHE goes first."
        ),
    ] = UNSET
    enabled: Annotated[
        bool | UnsetType, Meta(description="Whether they are kept; false is --no-cache.")
    ] = UNSET


class Configuration(Struct, frozen=True, forbid_unknown_fields=True):
    """A sigma-transpile.toml, or the table [tool.sigma-transpile] of a pyproject.toml."""

    rules: Annotated[
        Annotated[list[Text], Meta(min_length=1)] | UnsetType,
        Meta(description="Rule files, or folders of them that are searched to any depth."),
    ] = UNSET
    targets: Annotated[
        Annotated[list[Text], Meta(min_length=1)] | UnsetType,
        Meta(description="Where queries are for; `sigma-transpile targets` lists what there is."),
    ] = UNSET
    pipelines: Annotated[
        list[Text] | UnsetType,
        Meta(description="pySigma pipelines (.yml) and files of tables (.toml) of your own."),
    ] = UNSET
    schema: Annotated[
        Text | UnsetType,
        Meta(description="The fields that your Elasticsearch has, from `sigma-transpile schema`."),
    ] = UNSET
    convert: Annotated[Convert | UnsetType, Meta(description="Of `convert`.")] = UNSET
    export: Annotated[
        Export | UnsetType,
        Meta(description="Of `export`, and of `check` where it checks an export."),
    ] = UNSET
    check: Annotated[Check | UnsetType, Meta(description="Of `check`.")] = UNSET
    catalog: Annotated[Catalog | UnsetType, Meta(description="Of `catalog`.")] = UNSET
    explain: Annotated[Explain | UnsetType, Meta(description="Of `explain`.")] = UNSET
    verify: Annotated[Verify | UnsetType, Meta(description="Of `verify`.")] = UNSET
    splunk: Annotated[Splunk | UnsetType, Meta(description="Of your Splunk.")] = UNSET
    elastic: Annotated[Elastic | UnsetType, Meta(description="Of your Elasticsearch.")] = UNSET
    sentinel: Annotated[Sentinel | UnsetType, Meta(description="Of your Sentinel workspace.")] = (
        UNSET
    )
    cache: Annotated[
        Cache | UnsetType,
        Meta(description="Of `convert`, `export` and `check`, which keep conversions."),
    ] = UNSET
