"""The data files of targets, as types: where a log source's events are, and what its fields are.

A target's folder below `data` holds `target.toml` (`TargetFile`) and any number of files with log
sources (`LogSourceFile`). Targets inherit `data/shared`, log sources in Sigma's own terms, and
`data/published`, which `make tables` writes from pySigma's published pipelines. Users' files have
the same log sources.
"""

from __future__ import annotations

from msgspec import Struct

Values = dict[str, list[str | int]]
"""fields, each with the values of which a row has one"""


class FieldEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a field of a rule is in a target: by name, or computed in one of the other ways.

    - `name`: a column or field, or a path into one that holds an object (`Details.city`);
      `any` has several, of which any may hold the value.
    - `value`: what stands there for a value of the rule, which `{}` stands for.
    - `constant`: the same text in every event.
    - `column` with `cases`: the rule's values, each with the column's values that stand for it, and
      `otherwise` for all others.
    - `column` with `pattern`: what the pattern's one group finds in the column's text.
    - `computed`: one of the computations of `targets/computations.py`, from `columns`.
    - `expression`: in the words of the target's own language, for a user's own data.
    - `form` with `any`: one of the forms of `targets/forms.py`, in which these fields hold it; the
      form `replaced` with `cases`, the event's texts, each with the text that is kept for it.
    - `unmapped`: why there is none, so that rules that need it are refused.

    `type` is the type of the field just as it is named, where no table tells it. `approximate` is
    why the field's answers are not those that a rule means. `names` is a pattern of the names that
    an entry for `others` takes. `lacking` are texts that the field never holds, each with the
    reason, so that rules that ask for them are refused; `closed` is why rules are refused that ask
    for what is no part of any of the `cases`. `absent` are texts that the field holds where an
    event has no value, besides those of the log source.
    """

    name: str = ""
    any: list[str] = []
    type: str = ""
    value: str = ""
    constant: str | None = None
    column: str = ""
    cases: dict[str, list[str | int]] = {}
    otherwise: str = ""
    pattern: str = ""
    computed: str = ""
    columns: list[str] = []
    expression: str = ""
    form: str = ""
    unmapped: str = ""
    names: str = ""
    lacking: dict[str, str] = {}
    closed: str = ""
    absent: list[str] = []
    approximate: str = ""


Fields = dict[str, str | FieldEntry]
"""by the rule's name of a field; a text is a name"""


class DevicesEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The machines that a table has with one of some values in a column.

    `key` is the column that names the machine, there and in the table of the events.
    """

    key: str
    table: str
    column: str
    values: list[str]


class LogSourceEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A log source in a target: `[[logsource]]`.

    `product`, `category` and `service` name the log source; a list names several, which are alike,
    and `"*"` stands for any and for none. Of the entries that fit a log source the one counts that
    names most of it, a product before a category before a service. An entry with `"*"` for all
    three is for what no other fits.

    - `inherits`: names of `[fieldset.NAME]`; `FOLDER/FILE` for what another file says of the log
      source, if it has it; or `FOLDER/FILE/NAME` for a fieldset there. What stands in the entry
      itself goes first, then the first one that has it, key by key.
    - `table`: the table, data model or function that has the events.
    - `conditions`: fields in Sigma's names, each with its values, that tell the events of the log
      source from others; `scope` the same in the target's own names. A `*` in a text stands for
      any text.
    - `fields`, and for all that is not among them `others`: the name with `{name}` for the rule's,
      or a column with a pattern that has `{name}` in it, or `unmapped`; `paths` the same for names
      such as `a.b`, where `others` is not meant for these. `known` are names, or beginnings that
      end with `*`, that events have as rules write them, where `others` is approximate or nothing.
    - `condition_fields`: fields that `conditions` ask of in another way than rules do.
    - `members`: names that begin a path, each with the column that holds the object, or with the
      flattened field; a name's own entry in `fields` is the field that has the object as a text.
    - `inside`: the column with the object that has every other field.
    - `lists`: paths of lists, whose items no path leads into, unless the target says how (`items`).
    - `keywords`: the field that keywords are looked for in, or several; `whole` tells that these
      hold all text of an event, `textless` why there is none, so that rules with keywords are
      refused.
    - `plain`: whether the target's `caseless` fields have no subfield in lower case here.
    - `devices`: which machines' events are meant, where another table tells them apart.
    - `values`: for a field of the target, what it holds where the rule's field holds the key.
    - `dropped`: values that ingestion drops, so that events have none instead.
    - `absent`: texts that any field may hold where an event has no value.
    - `approximate`: codes and messages of what is true of every query.
    - `partial`: why only rules that ask for the scope themselves can be carried over.
    - `unmapped`: why rules are refused where no `conditions` are found.
    - `page`: where the vendor says all this.

    `{product}`, `{category}` and `{service}` in names and in the scope stand for those of the log
    source, or for `*` where it has none; `{logsource}` in messages for all of it. A name with a
    `*` may be one of several fields, so that rules that need it are refused.
    """

    product: str | list[str] | None = None
    category: str | list[str] | None = None
    service: str | list[str] | None = None
    inherits: list[str] = []
    table: str = ""
    conditions: Values = {}
    scope: Values = {}
    fields: Fields = {}
    others: str | FieldEntry = ""
    paths: str = ""
    known: list[str] = []
    condition_fields: Fields = {}
    members: dict[str, str] = {}
    inside: str = ""
    lists: list[str] = []
    keywords: str | list[str] = ""
    whole: bool = False
    textless: str = ""
    plain: bool = False
    devices: DevicesEntry | None = None
    values: dict[str, dict[str, str]] = {}
    dropped: list[str] = []
    absent: list[str] = []
    approximate: dict[str, str] = {}
    partial: str = ""
    unmapped: str = ""
    page: str = ""

    @property
    def keyword_fields(self) -> list[str]:
        """The fields that keywords are looked for in."""
        if isinstance(self.keywords, list):
            return self.keywords
        return [self.keywords] if self.keywords else []


class LogSourceFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of log sources, with sets of fields that several inherit."""

    logsource: list[LogSourceEntry] = []
    fieldset: dict[str, Fields] = {}


class TargetEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A target: `[[target]]`. `about` says in one line what its fields and tables are."""

    name: str
    title: str
    dialect: str
    about: str
    default: bool = False


class TextEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The field that holds an event's whole text."""

    name: str
    type: str


class TargetFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the targets of a folder share: `target.toml`.

    `inherits` is a folder whose log sources hold where this one has none, and whose `target.toml`
    holds for what is not said here. `type` is the type of fields, `types` those of others by
    name, `caseless` the names of those that have a subfield in lower case, which `suffix` leads to.
    Names may be given with the suffix; where no field has such a subfield, they are without it.
    `items` stands behind the path of a list in the names of its items. `values` is as for a log
    source. `missing` says why a field is refused that a log source has no name for, with `{name}`
    and `{table}`. `tables` tells that log sources may name a table or a data model. `pages` are
    where the facts come from.
    """

    target: list[TargetEntry]
    inherits: str = ""
    pages: list[str] = []
    type: str = ""
    tables: bool = False
    types: dict[str, str] = {}
    items: str = ""
    values: dict[str, dict[str, str]] = {}
    missing: str = ""
    text: TextEntry | None = None
    suffix: str = ""
    caseless: list[str] = []
