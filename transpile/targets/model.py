"""The data files of targets, as types: where a log source's events are, and what its fields are.

A target's folder below `data` holds `target.toml` (`TargetFile`) and any number of files with log
sources (`LogSourceFile`); `data/shared` holds log sources in Sigma's own terms, which targets
inherit. Users' files have the same log sources.
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
    - `computed`: one of the computations of `targets/computations.py`.
    - `expression`: in the words of the target's own language, for a user's own data.
    - `unmapped`: why there is none, so that rules that need it are refused.

    `type` is the type where no table tells it.
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
    expression: str = ""
    unmapped: str = ""


Fields = dict[str, str | FieldEntry]
"""by the rule's name of a field; a text is a name"""


class LogSourceEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A log source in a target: `[[logsource]]`.

    `product`, `category` and `service` name the log source; a list names several, which are alike.

    - `inherits`: names of `[fieldset.NAME]`, or `shared/FILE` for the conditions of a shared file;
      what stands in the entry itself goes first, then the first one that has it.
    - `table`: the table, data model or function that has the events.
    - `conditions`: fields in Sigma's names, each with its values, that tell the events of the log
      source from others; `scope` the same in the target's own names.
    - `fields`, and for all that is not among them `others`: the name with `{name}` for the rule's.
    - `members`: names that begin a path, each with the column that holds the object.
    - `inside`: the column with the object that has every other field.
    - `lists`: paths of lists, whose items no path leads into.
    - `keywords`: the field that keywords are looked for in.
    - `values`: for a field of the target, what it holds where the rule's field holds the key.
    - `approximate`: codes and messages of what is true of every query.
    - `partial`: why only rules that ask for the scope themselves can be carried over.
    - `page`: where the vendor says all this.
    """

    product: str | list[str] | None = None
    category: str | list[str] | None = None
    service: str | list[str] | None = None
    inherits: list[str] = []
    table: str = ""
    conditions: Values = {}
    scope: Values = {}
    fields: Fields = {}
    others: str = ""
    members: dict[str, str] = {}
    inside: str = ""
    lists: list[str] = []
    keywords: str = ""
    values: dict[str, dict[str, str]] = {}
    approximate: dict[str, str] = {}
    partial: str = ""
    page: str = ""


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

    `inherits` is a folder whose log sources hold where this one has none. `types` gives the types
    of fields by name, `caseless` the names of those that have a subfield in lower case, which
    `suffix` leads to. `values` is as for a log source. `pages` are where the facts come from.
    """

    target: list[TargetEntry]
    inherits: str = ""
    pages: list[str] = []
    types: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    text: TextEntry | None = None
    suffix: str = ""
    caseless: list[str] = []
