"""Every diagnostic code that a rule, a file or a query can come with, and what to do about it.

The page of each code in the docs is written from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple


class Kind(str, Enum):
    """What a code says of the rule that it is about."""

    FAILED = "failed"
    """the rule or its file is broken"""
    REFUSED = "refused"
    """the rule is sound, and can't be said in the target"""
    APPROXIMATE = "approximate"
    """the query finds other events than the rule means"""
    WARNING = "warning"
    """the rule is converted all the same"""
    USAGE = "usage"
    """the command stops before any rule"""


class Diagnostic(NamedTuple):
    """What a code means."""

    code: str
    kind: Kind
    title: str
    meaning: str
    remedy: str


_FAILED, _REFUSED, _APPROXIMATE = Kind.FAILED, Kind.REFUSED, Kind.APPROXIMATE

_FILES = (
    Diagnostic(
        "unreadable-file",
        _FAILED,
        "The file can't be read",
        "The system refuses to open the file or folder, or it is no regular file: a link that"
        " leads nowhere, a socket, a folder without permission.",
        "Check that it exists and that you may read it.",
    ),
    Diagnostic(
        "file-size",
        _FAILED,
        "The file is too large",
        "Files of more than 8 MiB are not read. The whole of SigmaHQ takes about half of that.",
        "Split the file.",
    ),
    Diagnostic(
        "binary-file",
        _FAILED,
        "The file is no text",
        "The file holds a zero byte, which no YAML does.",
        "Take it out of the folder, or give it another ending than .yml and .yaml.",
    ),
    Diagnostic(
        "text-encoding",
        _FAILED,
        "The file is not UTF-8",
        "A byte of the file is no part of a UTF-8 character (UTF-16 with its mark is read too).",
        "Save the file as UTF-8.",
    ),
    Diagnostic(
        "empty-file",
        _FAILED,
        "There is no rule in the file",
        "The file is empty or holds only comments, empty documents and global actions.",
        "Write a rule into it, or take it out.",
    ),
)

_YAML = (
    Diagnostic(
        "yaml-syntax",
        _FAILED,
        "This is not YAML",
        "The YAML parser can't read on at this place. Other documents of the file are converted.",
        "Most often a value needs quotes, or the indentation is off.",
    ),
    Diagnostic(
        "yaml-depth",
        _FAILED,
        "The document is nested too deep",
        "No rule nests more than 40 levels; an alias that holds itself never ends.",
        "Flatten the document.",
    ),
    Diagnostic(
        "yaml-values",
        _FAILED,
        "The document is too large",
        "The document holds more than 200,000 values, each alias counted as often as it is used.",
        "Split the rule, or look where its aliases multiply.",
    ),
    Diagnostic(
        "yaml-tag",
        _FAILED,
        "A YAML tag that means nothing in a rule",
        "Rules are text, numbers, booleans, dates, null, lists and maps; other tags are not built."
        " A text that has a tag must have its form: !!int x is no number.",
        "Take the tag away.",
    ),
    Diagnostic(
        "yaml-key",
        _FAILED,
        "A key that can't be one",
        "A key is a list or a map, or something else than a map is merged with <<.",
        "Write the key as plain text.",
    ),
    Diagnostic(
        "duplicate-key",
        _FAILED,
        "A key is there twice",
        "YAML allows each key of a map once, and only one of the two would count. The rule would"
        " lose a condition without anyone noticing.",
        "Join the values into one list, or use |all where both must hold.",
    ),
    Diagnostic(
        "unknown-action",
        _FAILED,
        "An action that there isn't",
        "A document of a collection may say action: global, repeat or reset; repeat needs a rule"
        " before it.",
        "Correct the action or take it away.",
    ),
)

_RULES = (
    Diagnostic(
        "not-a-rule",
        _FAILED,
        "This is no Sigma rule",
        "The document is no map, or has neither logsource nor detection.",
        "Keep other YAML files out of the folders that are converted.",
    ),
    Diagnostic(
        "correlation-rule",
        _REFUSED,
        "Correlation rules are not supported yet",
        "The document is a Sigma correlation rule. The rules that it refers to are converted.",
        "Convert it by hand.",
    ),
    Diagnostic(
        "sigma-filter",
        _REFUSED,
        "Sigma filters are not supported yet",
        "The document is a Sigma filter. The rules that it is for are converted without it.",
        "Write the filter into the rules.",
    ),
    Diagnostic(
        "duplicate-id",
        _FAILED,
        "Two rules have one id",
        "An earlier rule of this run has the same id. SIEMs know rules by their id, so the second"
        " one would replace the first; it is not converted.",
        "Give the copy an id of its own (a new UUID).",
    ),
    Diagnostic(
        "metadata",
        Kind.WARNING,
        "A field of the rule's metadata is not as specified",
        "A tag, date, id, level or other field does not follow the Sigma specification. What the"
        " rule finds does not depend on it.",
        "Correct the field.",
    ),
    Diagnostic(
        "missing-title",
        Kind.WARNING,
        "The rule has no title",
        "Sigma asks for a title; the name of the file stands in for it.",
        "Give the rule a title.",
    ),
    Diagnostic(
        "timeframe",
        Kind.WARNING,
        "A timeframe outside a correlation rule",
        "timeframe belonged to the aggregations that conditions once had. It means nothing in a"
        " rule without one, and is no detection.",
        "Take it away, or write a correlation rule.",
    ),
    Diagnostic(
        "bad-logsource",
        _FAILED,
        "The log source is missing or broken",
        "A rule must name a product, a category or a service, each as text.",
        "Add or correct the logsource.",
    ),
    Diagnostic(
        "missing-detection",
        _FAILED,
        "There is nothing to detect",
        "The rule has no detection map, or no named detection in it.",
        "Add the detection.",
    ),
    Diagnostic(
        "missing-condition",
        _FAILED,
        "There is no condition",
        "The detection map must hold a condition that says how its detections are joined.",
        "Add a condition: the name of a detection is the shortest.",
    ),
    Diagnostic(
        "empty-detection",
        _FAILED,
        "A detection is empty",
        "A detection without fields and values would hold of every event or of none.",
        "Write what must hold, or take the detection away.",
    ),
    Diagnostic(
        "condition-syntax",
        _FAILED,
        "The condition can't be read",
        "Conditions are made of names, and, or, not, parentheses, and '1 of' or 'all of' with a"
        " pattern or them, all in lower case. Aggregations (| count()) are no longer part of them.",
        "Correct the condition at the place shown.",
    ),
    Diagnostic(
        "unknown-detection",
        _FAILED,
        "The condition names a detection that there isn't",
        "A name or a pattern in the condition fits no detection of the rule.",
        "Correct the name, or add the detection.",
    ),
    Diagnostic(
        "unknown-modifier",
        _FAILED,
        "A modifier that there isn't",
        "What follows a | in a field's name must be a modifier of the Sigma specification.",
        "Correct the modifier.",
    ),
    Diagnostic(
        "modifier-use",
        _FAILED,
        "A modifier that can't be used so",
        "The modifier doesn't fit the type of the value, or the modifiers before it.",
        "Change the value or the modifiers; numbers for text modifiers need quotes.",
    ),
    Diagnostic(
        "key-type",
        _FAILED,
        "A field's name is no text",
        "YAML reads the key as a number, a boolean, a date or null.",
        "Put the name in quotes.",
    ),
    Diagnostic(
        "value-type",
        _FAILED,
        "A value that can't be one",
        "Values are text, numbers, true, false or null, or a list of them. YAML reads an unquoted"
        " 2024-01-01 as a date.",
        "Put the value in quotes, or write maps as a list of maps.",
    ),
    Diagnostic(
        "bad-cidr",
        _FAILED,
        "This is no address range",
        "A range is an IPv4 or IPv6 network whose address has no bits behind its prefix.",
        "Write it as 10.0.0.0/8 or fe80::/10.",
    ),
    Diagnostic(
        "bad-regex",
        _FAILED,
        "This is no regular expression",
        "The pattern doesn't compile.",
        "Correct the pattern; most often a parenthesis or a backslash is missing.",
    ),
    Diagnostic(
        "sigma-error",
        _FAILED,
        "pySigma can't read the rule",
        "pySigma found something wrong after a pipeline had changed the rule.",
        "Look at what the pipeline does to this rule.",
    ),
    Diagnostic(
        "internal-error",
        _FAILED,
        "A fault of this program",
        "Something unforeseen happened; only this rule is concerned.",
        "Please report it with the rule and the output of --debug.",
    ),
    Diagnostic(
        "process-lost",
        _FAILED,
        "The process that converted the file is gone",
        "Rules are converted by several processes. The one that was at this file ended before it"
        " was done, for want of memory or because something ended it; all other files were"
        " converted.",
        "Convert the file alone. Where that fails too, please report it with the file.",
    ),
)

_CONFIGURATION = (
    Diagnostic(
        "bad-config",
        Kind.USAGE,
        "The configuration file can't be used",
        "The file is no TOML, has a key that there isn't or a value of another type, or names a"
        " target, a format or a file that there isn't. No part of it is used.",
        "Correct the place shown; docs/configuration.md lists all keys. --no-config does without"
        " the file.",
    ),
    Diagnostic(
        "config-no-effect",
        Kind.WARNING,
        "A setting that the command doesn't know",
        "The configuration gives something that other commands use, and that this one can't: what"
        " it does is without it.",
        "Nothing, if that is known; --no-config does without the file.",
    ),
)

_PIPELINES = (
    Diagnostic(
        "bad-mapping",
        Kind.USAGE,
        "The file of log sources can't be used",
        "It names a table, a column, a type or a key that there is not, or is no TOML.",
        "Correct the line. docs/log-sources.md tells what such a file may say, and docs/sentinel.md"
        " what it may say of tables.",
    ),
    Diagnostic(
        "bad-pipeline",
        Kind.USAGE,
        "A pipeline file can't be used",
        "The file is no pySigma processing pipeline, or one of its items is broken.",
        "Correct the item at the place shown.",
    ),
    Diagnostic(
        "pipeline-postprocessing",
        Kind.USAGE,
        "A pipeline would change finished queries",
        "postprocessing and finalizers work on the text of a query, about which nothing could be"
        " promised any more.",
        "Take them out of the file, and wrap the queries after they are written.",
    ),
    Diagnostic(
        "no-pipeline-file",
        Kind.USAGE,
        "There is no such pipeline file",
        "-p takes files: pySigma pipelines (.yml) and files of tables (.toml). It takes no folders,"
        " and no names of pySigma's own pipelines: each target maps its fields by itself.",
        "Correct the path, or leave the pipeline out.",
    ),
    Diagnostic(
        "pipeline-backend",
        Kind.USAGE,
        "A pipeline is for other backends",
        "allowed_backends of the pipeline names no pySigma backend for the language of a target"
        " that was asked for, whose queries would get the fields of something else.",
        "Ask for the targets that the pipeline is for, or name their backends in it as well."
        " docs/pipelines.md lists them.",
    ),
    Diagnostic(
        "pipeline-state",
        Kind.USAGE,
        "A pipeline asks for another table, index or data model",
        "An item set_state gives a key that pySigma's backends for the language of a target read"
        " (query_table, index, data_model_set, fields). Here no query depends on it, and what is"
        " written would not read what the pipeline means.",
        "Take the item out, and say it where it counts. docs/pipelines.md tells where.",
    ),
    Diagnostic(
        "pipeline-no-effect",
        Kind.WARNING,
        "Something in a pipeline has no effect",
        "No query for the targets that were asked for depends on this part of the pipeline.",
        "Take it out, or correct what was to use it.",
    ),
    Diagnostic(
        "unused-tables",
        Kind.WARNING,
        "A target takes nothing from a file of log sources",
        "An entry without `target` is for languages that have tables, and any other one for the"
        " targets that it names; and a table is read only where a log source is said to be in it.",
        "Convert for those targets without the file, or correct the entry at the place shown.",
    ),
    Diagnostic(
        "pipeline-failure",
        _REFUSED,
        "A pipeline fails the rule",
        "An item of your pipeline says that such a rule is not supported, or stops at it.",
        "Change the rule or the pipeline.",
    ),
    Diagnostic(
        "emptied-detection",
        _REFUSED,
        "A pipeline drops a whole detection",
        "Your pipeline drops every item of a detection, which would then hold of every event.",
        "Let the pipeline keep an item, or leave the rule out.",
    ),
    Diagnostic(
        "unresolved-placeholder",
        _REFUSED,
        "A placeholder without values",
        "The rule uses |expand, and no pipeline says what the placeholder stands for.",
        "Give it values in a pipeline file (value_placeholders).",
    ),
    Diagnostic(
        "backend-value",
        _REFUSED,
        "A value in the language of one backend",
        "A pipeline put a piece of query text in place of a value, which other languages can't"
        " read and nothing can check.",
        "Let the pipeline give plain values.",
    ),
)

_OUTPUT = (
    Diagnostic(
        "output-collision",
        _FAILED,
        "Two rules would be written to one file",
        "Two rule files have the same name but for their ending or its case; the first one's query"
        " is kept.",
        "Rename one of them.",
    ),
    Diagnostic(
        "output-outside",
        _FAILED,
        "A query would be written outside its folder",
        "A link inside the output folder leads out of it.",
        "Remove the link, or choose another folder.",
    ),
)

_EXPORT = (
    Diagnostic(
        "bad-profile",
        Kind.USAGE,
        "The profile can't be used",
        "The file is no TOML, or a table, a key or a value in it is none that a profile has.",
        "Correct the place shown; docs/exports.md lists all keys.",
    ),
    Diagnostic(
        "bad-schema",
        Kind.USAGE,
        "The schema can't be used",
        "The file is no JSON, or not as `sigma-transpile schema` writes it, or written by another"
        " version with another format.",
        "Write it anew; docs/elastic-schema.md tells what it holds.",
    ),
    Diagnostic(
        "unused-schema",
        Kind.WARNING,
        "The schema is for other targets",
        "A schema tells the fields of an Elasticsearch, and none of the targets is Elastic's: the"
        " queries are the same without it, and the file is not even read.",
        "Leave --schema out, or add the target that it is meant for.",
    ),
    Diagnostic(
        "rule-settings",
        _FAILED,
        "The rule's own settings are wrong",
        "The key sigma-transpile of a rule holds the settings of exports for this rule: a key or a"
        " value in it is none that there is.",
        "Correct it; docs/exports.md lists all keys.",
    ),
    Diagnostic(
        "missing-id",
        Kind.WARNING,
        "The rule has no id",
        "What is exported is known to the SIEM by an id. Without one of the rule it comes from the"
        " name of its file, so that a renamed file is another detection.",
        "Give the rule an id (a UUID).",
    ),
    Diagnostic(
        "unknown-attack-tag",
        Kind.WARNING,
        "A tag that ATT&CK doesn't have",
        "No tactic, technique or other object of this name or id is in ATT&CK, today or in an older"
        " release.",
        "Correct the tag.",
    ),
    Diagnostic(
        "unused-override",
        Kind.WARNING,
        "Settings for a rule that there isn't",
        "The profile has a table for a rule's id that none of the exported rules has.",
        "Correct the id, or take the table out.",
    ),
    Diagnostic(
        "conf-line-end",
        _REFUSED,
        "A line of the query ends in a backslash",
        "In a conf file of Splunk a backslash at the end of a line joins it with the next one.",
        "Write the value otherwise.",
    ),
    Diagnostic(
        "export-length",
        _REFUSED,
        "The query is too long for the format",
        "The product runs longer queries by hand, but not as a rule.",
        "Split the rule.",
    ),
    Diagnostic(
        "export-columns",
        _REFUSED,
        "The table lacks columns that the format needs",
        "A custom detection of Defender must return Timestamp, ReportId and a column that names an"
        " entity.",
        "Use another format for this rule.",
    ),
)

_MEANING = (
    Diagnostic(
        "empty-selection",
        _REFUSED,
        "A selector finds no detection",
        "After your pipeline no detection fits the pattern of the condition.",
        "Look at what the pipeline does to the detections.",
    ),
    Diagnostic(
        "empty-keyword",
        _REFUSED,
        "An empty keyword",
        "A keyword that is empty or only * is found in every event.",
        "Take it away.",
    ),
    Diagnostic(
        "keyword-kind",
        _REFUSED,
        "A keyword that is no text",
        "null, booleans, ranges, comparisons and regular expressions need a field.",
        "Name the field.",
    ),
    Diagnostic(
        "regex-syntax",
        _REFUSED,
        "A regular expression that can't be read",
        "The pattern is written in a dialect that Sigma doesn't use.",
        "Write it in the common part of PCRE.",
    ),
    Diagnostic(
        "regex-lookaround",
        _REFUSED,
        "A lookahead or lookbehind",
        "The language's regular expressions have none, and they can't be rewritten in general.",
        "Write the exception as a second detection with not.",
    ),
    Diagnostic(
        "regex-backreference",
        _REFUSED,
        "A reference to a group",
        "The language's regular expressions can't refer back to what a group found.",
        "List the alternatives.",
    ),
    Diagnostic(
        "regex-construct",
        _REFUSED,
        "A construct that the language doesn't have",
        "The pattern uses something that the target's regular expressions lack or read otherwise.",
        "Write the pattern without it.",
    ),
    Diagnostic(
        "regex-assertion",
        _REFUSED,
        "An anchor in the middle of a pattern",
        "Lucene's patterns are anchored and know no ^, $ or \\b; only some can be rewritten.",
        "Move the anchor to the start or the end, or list the alternatives.",
    ),
    Diagnostic(
        "regex-repetition",
        _REFUSED,
        "A repetition that is too long",
        "The engine repeats an item only so often.",
        "Use * or +, or shorten the repetition.",
    ),
    Diagnostic(
        "regex-too-long",
        _REFUSED,
        "A regular expression that is too long",
        "A caseless match on a case-sensitive field is written as a regular expression, and"
        " Elasticsearch takes at most 1,000 characters (index.max_regex_length).",
        "Use a target whose fields are lower-cased (elastic-agent-lucene), or raise the limit.",
    ),
    Diagnostic(
        "regex-too-complex",
        _REFUSED,
        "A regular expression that is too complex",
        "Elasticsearch gives up on patterns that need too many states (max_determinized_states).",
        "Simplify the pattern; avoid large repetitions.",
    ),
    Diagnostic(
        "regex-word-boundary",
        _APPROXIMATE,
        "Word boundaries see other letters",
        "The engine's \\b takes letters outside ASCII as part of a word, Sigma's does not.",
        "Nothing, unless the values hold such letters.",
    ),
    Diagnostic(
        "fractional-bound",
        _REFUSED,
        "A fraction compared with text",
        "The field is text in the target, and only whole numbers can be compared there.",
        "Use a whole number as the bound.",
    ),
    Diagnostic(
        "field-comparison",
        _REFUSED,
        "Two fields can't be compared",
        "The language compares a field with a value only.",
        "Use another target for this rule.",
    ),
    Diagnostic(
        "fieldref-contains",
        _REFUSED,
        "A field in another one's text",
        "The language has no function that looks for the text of one field inside another.",
        "Use another target for this rule.",
    ),
    Diagnostic(
        "time-part",
        _REFUSED,
        "A part of a timestamp",
        "The language can't ask for the hour, day or month of a field.",
        "Use another target for this rule.",
    ),
    Diagnostic(
        "time-zone",
        _APPROXIMATE,
        "A time that is text",
        "The field is text; how it is read as a time, and in which zone, is up to the target.",
        "Check how your events write the time.",
    ),
)

_TARGETS = (
    Diagnostic(
        "unmapped-field",
        _REFUSED,
        "The target has no such field",
        "No mapping says what the field is called in the target, or there are several choices.",
        "Map the field in a pipeline of your own (-p).",
    ),
    Diagnostic(
        "unsaid-test",
        _REFUSED,
        "The language has no words for a test",
        "The dialect says nothing of tests of this kind: its table has no entry for them. The"
        " languages of this program have one for each; one that somebody added may not.",
        "Ask for another target, or add the entry to the dialect.",
    ),
    Diagnostic(
        "unmapped-logsource",
        _APPROXIMATE,
        "The target doesn't know the log source",
        "No mapping exists for these events: fields keep their Sigma names and the query is not"
        " limited to the log source, or, where that would find nothing, the rule is refused.",
        "Map the log source and its fields in a pipeline of your own (-p).",
    ),
    Diagnostic(
        "no-table",
        _REFUSED,
        "No table holds these events",
        "The target keeps no events of this log source in a table that is known.",
        "Change the log source in a pipeline of your own (-p).",
    ),
    Diagnostic(
        "list-member",
        _REFUSED,
        "The field is inside a list",
        "The field stands in each item of a list, where no path leads.",
        "Write the query by hand (mv-expand).",
    ),
    Diagnostic(
        "several-values",
        _APPROXIMATE,
        "A field with several values is tested by an expression",
        "The field comes from a list, so that it may have several values in one event. A search"
        " finds any of them, but this test needs an expression behind it, and what that makes of"
        " several values is not documented.",
        "Use a test that a search can say: a value in any case, with or without * at its ends.",
    ),
    Diagnostic(
        "untranslated-value",
        _REFUSED,
        "The target's field holds other values",
        "The target writes the values of this field in words of its own, and this one has none.",
        "Use one of the values named, or map the field yourself.",
    ),
    Diagnostic(
        "other-platforms",
        _APPROXIMATE,
        "Events of other platforms are found too",
        "The table holds events of all platforms, and no column tells them apart, or another table"
        " does that may have no row of a machine.",
        "Limit the query to your devices of that platform.",
    ),
    Diagnostic(
        "other-products",
        _APPROXIMATE,
        "Only some products' events are found",
        "The table holds events of one product, and the rule means those of any.",
        "Map the log source to the table of your product.",
    ),
    Diagnostic(
        "other-record",
        _APPROXIMATE,
        "The event is found by another record of it",
        "The record that the rule describes has no table, but another one tells of the same event.",
        "Map the log source to a table that holds the record itself, if you collect it.",
    ),
    Diagnostic(
        "other-kinds",
        _APPROXIMATE,
        "Events of other kinds are found too",
        "The table holds more kinds of event than the log source, not told apart for certain.",
        "Limit the query to the kind that you mean, by the column that the reason names.",
    ),
    Diagnostic(
        "part-of-log",
        _REFUSED,
        "The target keeps only some events of this log source",
        "The rule doesn't ask for just those events, so that the query would miss others.",
        "Ask for the events that the reason names, in each alternative of the condition.",
    ),
    Diagnostic(
        "events-left-out",
        _APPROXIMATE,
        "Some events of the log source are not looked for",
        "The target keeps them where no query looks, or a setting of yours passes over them.",
        "Look for the events that the reason names by a search of your own, or change the setting.",
    ),
    Diagnostic(
        "kept-in-parts",
        _APPROXIMATE,
        "The target keeps the value in another form",
        "What is one text in the event is kept in several fields or as a list, like the hashes of"
        " a file or a user with the domain. Not every test on the text can be said of these: it is"
        " refused, or found where the reason says.",
        "Ask for a whole hash (`Hashes|contains: 'SHA256=...'`), or for the parts that there are.",
    ),
    Diagnostic(
        "ingested-otherwise",
        _APPROXIMATE,
        "The field holds something else than the event's",
        "The target's own ingestion has left of the event's field only what the reason says, and"
        " the query asks that.",
        "Keep the event's field in your indices, and map it with a pipeline of your own (-p).",
    ),
    Diagnostic(
        "words-only",
        _APPROXIMATE,
        "Only words are found in analysed text",
        "Elasticsearch keeps the field as words in lower case, and no query knows what stands"
        " between them. The query asks for the words of the rule's text in any order, and leaves"
        " out what words can't tell, such as a filter. It finds at least what the rule means, but"
        " for what is cut where a word has more than 255 characters.",
        "Add a wildcard subfield to the index template, and give the schema (--schema).",
    ),
    Diagnostic(
        "field-type",
        _REFUSED,
        "The field's type can't hold the value",
        "The target's field is of a type on which this test finds nothing or is an error.",
        "Map another field, or give the field its real type.",
    ),
    Diagnostic(
        "absent-field",
        _APPROXIMATE,
        "No index has the field",
        "The schema of your Elasticsearch knows no field of this name. A test on it finds nothing,"
        " its negation everything, and EQL refuses a query on a field that no index has.",
        "Map the field that holds the value in your indices, with a pipeline of your own. Where"
        " the field has only come since, read the schema anew.",
    ),
    Diagnostic(
        "long-values",
        _APPROXIMATE,
        "The field lacks long values",
        "Elasticsearch does not index values that are longer than the field's ignore_above. The"
        " query takes them for absent.",
        "Raise ignore_above in the index template, or add a wildcard subfield, which has none.",
    ),
    Diagnostic(
        "field-conflict",
        _APPROXIMATE,
        "Indices map the field in different ways",
        "The query is written for the type that most indices give the field. In the others, where"
        " it is of another type or missing, the query finds other events or fails; EQL refuses"
        " fields whose types are too different.",
        "Correct the index template, and reindex what is older; or read only indices that agree.",
    ),
    Diagnostic(
        "unsearchable-field",
        _REFUSED,
        "No query finds what the field holds",
        "The field is neither indexed nor has doc values (index and doc_values in its mapping), or"
        " it is in an object that is not enabled.",
        "Index the field, or map another one.",
    ),
    Diagnostic(
        "nested-field",
        _REFUSED,
        "The field is nested",
        "Values in nested objects are documents of their own. Only nested queries find them, and"
        " neither Lucene nor EQL has any.",
        "Set include_in_root in the mapping, or map another field.",
    ),
    Diagnostic(
        "normalized-field",
        _REFUSED,
        "The field's normalizer changes more than case",
        "The index holds other text than the events, and queries would find texts that differ in"
        " more than case, like accents.",
        "Add a subfield without a normalizer, or with one that only makes letters small.",
    ),
    Diagnostic(
        "field-name",
        _REFUSED,
        "The field's name can't be written",
        "The language has no way to write this name.",
        "Rename the field in a pipeline of your own (-p).",
    ),
    Diagnostic(
        "field-collision",
        _REFUSED,
        "Two fields get one name",
        "The query extracts fields under names of its own, and two of them would be the same.",
        "Rename one of the fields in a pipeline of your own (-p).",
    ),
    Diagnostic(
        "cased-on-caseless",
        _REFUSED,
        "Case is lost in this field",
        "The rule asks for exact case, and the field holds its text in lower case.",
        "Map the field that keeps the case.",
    ),
    Diagnostic(
        "table-left-out",
        _APPROXIMATE,
        "One of several tables can't be asked",
        "The configuration names several tables, and one of them lacks a column for the rule.",
        "Name the tables for this log source alone, without the one that is left out.",
    ),
    Diagnostic(
        "keyword-field",
        _APPROXIMATE,
        "Keywords are looked for in one field",
        "The language can't search the whole event; one field with its text stands in for it.",
        "Name the fields in the rule.",
    ),
    Diagnostic(
        "keyword-search",
        _REFUSED,
        "Keywords need a field",
        "The target names no field that holds an event's text.",
        "Name the fields in the rule.",
    ),
    Diagnostic(
        "keyword-column",
        _REFUSED,
        "No column holds the whole event",
        "The table has no column with the text of the event, and a search over all columns would"
        " mean something else.",
        "Name the fields in the rule.",
    ),
    Diagnostic(
        "keyword-data-model",
        _REFUSED,
        "A data model has no raw events",
        "Keywords are looked for in the event's text, which a data model doesn't keep.",
        "Use the target splunk for this rule.",
    ),
    Diagnostic(
        "json-text",
        _APPROXIMATE,
        "Sought in the text of a JSON value",
        "The column holds JSON; its text has names and punctuation beside the values.",
        "Check the finds, or name the member in a pipeline of your own (-p).",
    ),
    Diagnostic(
        "json-value",
        _REFUSED,
        "A JSON value can't be tested so",
        "The column holds JSON, whose text doesn't answer this test.",
        "Name the member in a pipeline of your own (-p).",
    ),
    Diagnostic(
        "empty-or-missing",
        _APPROXIMATE,
        "Empty and missing are the same",
        "The column holds an empty text where the field is missing.",
        "Nothing, unless the difference matters to the rule.",
    ),
    Diagnostic(
        "empty-is-missing",
        _APPROXIMATE,
        "A data model fills missing fields",
        "A data model writes 'unknown' where a field is missing or empty.",
        "Nothing, unless the difference matters to the rule.",
    ),
    Diagnostic(
        "unknown-value",
        _APPROXIMATE,
        "The filler of a data model fits too",
        "A data model writes 'unknown' where a field is missing, and that text fits the test.",
        "Nothing, unless the difference matters to the rule.",
    ),
)

DIAGNOSTICS: Mapping[str, Diagnostic] = {
    diagnostic.code: diagnostic
    for group in (
        _FILES,
        _YAML,
        _RULES,
        _CONFIGURATION,
        _PIPELINES,
        _OUTPUT,
        _EXPORT,
        _MEANING,
        _TARGETS,
    )
    for diagnostic in group
}
"""every code there is, in the order of the docs"""
