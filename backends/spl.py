"""Splunk's Search Processing Language: a search, and behind it one `where` for what it can't say.

`search` looks values up without regard to case and knows one wildcard, `*`; `where` evaluates an
expression on every event that the search found. So each conjunct that `search` says exactly stays
there, and every other one goes to `where`, with a weaker copy in the search for the index.

Manual pages, all of Splunk Enterprise 9.4 under https://help.splunk.com/splunk-enterprise:

- SEARCH: spl-search-reference/9.4/search-commands/search
- WHERE: spl-search-reference/9.4/search-commands/where
- EVAL: spl-search-reference/9.4/evaluation-functions (comparison, conversion, text, date)
- TSTATS: spl-search-reference/9.4/search-commands/tstats
- BACKSLASH: search/search-manual/9.4/search-primer/backslashes
- BOOLEAN: search/search-manual/9.3/expressions-and-predicates
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from typing import Any, ClassVar

from backends.dialect import Dialect, Generate, Notes
from backends.layout import Doc, Join, Listing, Prefixed, Text, render
from backends.spl_text import ENTITIES, decimal, nameable, quoted, search_name, subnets
from backends.spl_where import Where, pattern_of
from transpile.ir.networks import MAPPED
from transpile.ir.nodes import (
    And,
    AnyLeaf,
    BooleanEquals,
    Cidr,
    Compare,
    Equals,
    Exists,
    Glob,
    IsNull,
    Keyword,
    Leaf,
    Node,
    Not,
    NumberEquals,
    Or,
    Parts,
    Regex,
    SameAs,
    TimePartCompare,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.ir.simplify import all_of, any_of, map_leaves, negation
from transpile.ir.walk import leaves
from transpile.ir.weaken import merged, regex_as_glob, split
from transpile.query import Reason

_UNSAYABLE = re.compile(r"[*\x00-\x1f\x7f]")
"""BACKSLASH: "can't be used to escape the asterisk"; of control characters nothing is said"""


def _sayable(parts: Parts) -> Parts:
    """The parts as far as a search term says them: a wildcard for everything that it can't."""
    coarse: list[str | Wildcard] = []
    for part in parts:
        if isinstance(part, Wildcard):
            coarse.append(Wildcard.ANY_RUN)
            continue
        for position, run in enumerate(_UNSAYABLE.split(part)):
            coarse += [run] if position == 0 else [Wildcard.ANY_RUN, run]
    return merged(tuple(coarse))


def _is_network(text: str) -> bool:
    """Whether a search takes a value for a subnet rather than text (SEARCH, "CIDR")."""
    if "/" not in text:
        return False
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _implied(leaf: AnyLeaf, *, data_model: bool) -> Node | None:
    """What search terms can say of a leaf, which is the leaf itself where that is all of it."""
    if isinstance(leaf, Keyword):
        runs = _runs(_sayable((Wildcard.ANY_RUN, *leaf.parts, Wildcard.ANY_RUN)))
        texts = [part for run in runs for part in run if isinstance(part, str)]
        return all_of(Keyword((text,), place=leaf.place) for text in texts) if texts else None
    if isinstance(leaf, (Equals, Glob)):
        return _implied_text(leaf)
    if isinstance(leaf, Regex):
        coarse_glob = regex_as_glob(leaf)
        return _implied_text(coarse_glob) if isinstance(coarse_glob, Glob) else coarse_glob
    if isinstance(leaf, SameAs):
        return all_of((Exists(leaf.field, place=leaf.place), Exists(leaf.other, place=leaf.place)))
    if isinstance(leaf, (Compare, TimePartCompare)) or (isinstance(leaf, Cidr) and data_model):
        # SEARCH: `<` and its like compare text that is no number by its letters.
        # TSTATS, "Limitations of CIDR matching with tstats": text among addresses is unpredictable.
        return Exists(leaf.field, place=leaf.place)
    return leaf


_LONG = 3
"""characters from which on a text is worth a term of its own beside others"""


def _runs(parts: Parts) -> list[Parts]:
    """A term for each text between wildcards, as no term has one in its middle.

    "Wildcard characters in the middle of a word or string might cause inconsistent results",
    because of the way in which punctuation is indexed (Search Manual, Wildcards).
    """
    last = len(parts) - 1
    found: list[Parts] = []
    for position, part in enumerate(parts):
        if isinstance(part, str):
            before = (Wildcard.ANY_RUN,) if position > 0 else ()
            after = (Wildcard.ANY_RUN,) if position < last else ()
            found.append((*before, part, *after))
    if len(found) == 1:
        return found
    sizes = [sum(len(part) for part in run if isinstance(part, str)) for run in found]
    least = min(_LONG, max(sizes, default=0))
    return [run for run, size in zip(found, sizes, strict=True) if size >= least]


def _is_term(leaf: Equals | Glob) -> bool:
    """Whether the leaf is a search term as it is: one text, with wildcards around it if any."""
    if leaf.cased:
        return False
    if isinstance(leaf, Equals):
        return not (_UNSAYABLE.search(leaf.value) or _is_network(leaf.value))
    texts = [part for part in leaf.parts if isinstance(part, str)]
    return (
        len(texts) == 1 and Wildcard.ANY_ONE not in leaf.parts and not _UNSAYABLE.search(texts[0])
    )


def _implied_text(leaf: Equals | Glob) -> Node:
    if _is_term(leaf):
        return leaf
    parts = _sayable(leaf.parts if isinstance(leaf, Glob) else (leaf.value,))
    if parts == (Wildcard.ANY_RUN,):
        return Exists(leaf.field, place=leaf.place)
    if Wildcard.ANY_RUN in parts:
        return all_of(Glob(leaf.field, run, place=leaf.place) for run in _runs(parts))
    value = "".join(map(str, parts))
    if _is_network(value):
        prefix, _, _ = value.partition("/")
        return Glob(leaf.field, (prefix, Wildcard.ANY_RUN), place=leaf.place)
    return Equals(leaf.field, value, place=leaf.place)


# Search terms.


def _value(leaf: Equals | Glob | NumberEquals | BooleanEquals) -> str:
    if isinstance(leaf, NumberEquals):
        return decimal(leaf.number)
    if isinstance(leaf, BooleanEquals):
        return quoted(str(leaf.boolean).lower())
    if isinstance(leaf, Equals):
        return quoted(leaf.value)
    return quoted("".join("*" if isinstance(part, Wildcard) else part for part in leaf.parts))


def _term(leaf: Equals | Glob | NumberEquals | BooleanEquals, notes: Notes) -> Doc:
    return Text(f"{search_name(leaf.field, leaf.place)}={_value(leaf)}")


def _subnet(leaf: Cidr, notes: Notes) -> Doc:
    return _any_subnet([leaf])


def _any_subnet(leaves: Sequence[Cidr]) -> Doc:
    name = search_name(leaves[0].field, leaves[0].place)
    found = (subnet for leaf in leaves for subnet in subnets(leaf.network))
    terms = tuple(Text(f"{name}={quoted(subnet)}") for subnet in found)
    return terms[0] if len(terms) == 1 else Join("OR", terms)


def _without_mapped(leaf: AnyLeaf) -> Node:
    """An IPv4 address counts as one also where it is written as IPv6, so no IPv6 range has it."""
    if isinstance(leaf, Cidr) and leaf.network.version == 6 and MAPPED.overlaps(leaf.network):
        return all_of((leaf, negation(replace(leaf, network=MAPPED))))
    return leaf


def _present(leaf: Exists, notes: Notes) -> Doc:
    return Text(f"{search_name(leaf.field, leaf.place)}=*")


def _absent(leaf: IsNull, notes: Notes) -> Doc:
    """Never `!=`, which finds only events that have the field (Search Manual, NOT expressions)."""
    return Prefixed("NOT ", Text(f"{search_name(leaf.field, leaf.place)}=*"))


def _keyword(leaf: Keyword, notes: Notes) -> Doc:
    """A phrase in `_raw`, which holds Windows events as XML: there `<`, `>`, `&` are entities."""
    text = "".join("*" if isinstance(part, Wildcard) else part for part in leaf.parts)
    entities = "".join(ENTITIES.get(c, c) for c in text)
    terms = tuple(Text(quoted(f"*{form}*")) for form in dict.fromkeys((text, entities)))
    return terms[0] if len(terms) == 1 else Join("OR", terms)


LIST = "{}"
"""what the names of items in JSON lists have (Search Reference, spath)"""

# Data models.

UNKNOWN = "unknown"
"""what the Common Information Model puts where a field is missing or empty (CIM manual, Endpoint:
`if(isnull(process) OR process="","unknown",process)`); tstats is told to do the same"""


def _may_be_unknown(leaf: Equals | Glob) -> bool:
    """Whether a test holds of UNKNOWN; long texts are not made patterns for that."""
    texts = (leaf.value,) if isinstance(leaf, Equals) else leaf.parts
    if sum(len(text) for text in texts if isinstance(text, str)) > len(UNKNOWN):
        return False
    return re.search(str(pattern_of(leaf)).replace("\\z", "\\Z"), UNKNOWN) is not None


def _in_data_model(leaf: AnyLeaf, notes: Notes) -> Node:
    """A leaf on a field of a data model, in which missing and empty are one."""
    if isinstance(leaf, Keyword):
        notes.refusals.append(
            Reason("keyword-data-model", "a data model holds no raw event", leaf.place)
        )
        return leaf
    missing = any_of((IsNull(leaf.field), Equals(leaf.field, UNKNOWN)))
    if isinstance(leaf, (IsNull, Exists)) or leaf == Equals(leaf.field, ""):
        notes.approximate(
            "empty-is-missing",
            f"{leaf.field.name} is {UNKNOWN!r} in a data model when it is missing or empty",
            leaf.place,
        )
        return negation(missing) if isinstance(leaf, Exists) else missing
    if isinstance(leaf, (Equals, Glob)) and _may_be_unknown(leaf):
        notes.approximate(
            "unknown-value",
            f"{leaf.field.name} is {UNKNOWN!r} in a data model when it is missing, which fits too",
            leaf.place,
        )
    return leaf


def _columns(node: Node) -> list[str]:
    """The fields of a condition, each once."""
    if isinstance(node, (And, Or)):
        return list(dict.fromkeys(name for o in node.operands for name in _columns(o)))
    if isinstance(node, Not):
        return _columns(node.operand)
    if isinstance(node, Keyword):
        return []
    return [node.field.name, *([node.other.name] if isinstance(node, SameAs) else [])]


def _tstats(search: Search, terms: str, columns: Sequence[str]) -> str:
    """TSTATS: `where` holds search terms; rows with a null in `by` are lost unless it is filled.

    Every dataset of the models that targets map to has a `dest`.
    """
    dataset = search.table.partition(".")[2]
    by = " ".join(dict.fromkeys((f"{dataset}.dest", *columns)))
    only = str(search.summarised).lower()
    options = f'summariesonly={only} allow_old_summaries=true fillnull_value="{UNKNOWN}"'
    counts = "count min(_time) as firstTime max(_time) as lastTime"
    return f"| tstats {options} {counts} from datamodel={search.table}\n  where {terms}\n  by {by}"


def _all(docs: Sequence[Doc]) -> Doc:
    """One text, or the conjunction of a macro and terms, whose own is no part of its own."""
    if len(docs) == 1:
        return docs[0]
    macro, terms = docs
    inner = terms.parts if isinstance(terms, Join) and terms.word == Dialect.AND else (terms,)
    return Join(Dialect.AND, (macro, *inner))


def _tell_several(leaf: AnyLeaf, notes: Notes) -> None:
    """A name with `{}` is a list's, which has several values: SEARCH finds any of them, and of the
    functions of WHERE the manual doesn't say what they make of such a field.
    """
    for name in _columns(leaf):
        if LIST in name and not isinstance(leaf, Keyword):
            message = f"{name} may have several values, of which an expression may see one"
            notes.approximate("several-values", message, leaf.place)


class Spl(Dialect):
    """Searches for Splunk: events of indexes, or rows of an accelerated data model by tstats.

    A search reads OR before AND (BOOLEAN), so each of them stands in parentheses in the other.
    """

    NAME = "spl"
    SUFFIX = "spl"
    GENERATE: ClassVar[dict[type[Leaf], Generate]] = {
        **Where.GENERATE,
        Equals: _term,
        Glob: _term,
        NumberEquals: _term,
        BooleanEquals: _term,
        Cidr: _subnet,
        IsNull: _absent,
        Exists: _present,
        Keyword: _keyword,
    }

    def compose(self, search: Search, notes: Notes) -> str:
        condition = map_leaves(search.condition, _without_mapped)
        if search.table:
            condition = map_leaves(condition, partial(_in_data_model, notes=notes))
        implied = partial(_implied, data_model=bool(search.table))
        said, rest = split(all_of([*search.scope, condition]), implied)
        docs = [] if said is None else [self.generate(said, notes)]
        if search.macro:
            docs.insert(0, Text(f"`{search.macro}`"))
        terms = render(_all(docs), bool(search.table)) if docs else "*"
        if search.table:
            terms = _tstats(search, terms, _columns(condition))
        if rest is not None:
            for leaf in leaves(rest):
                _tell_several(leaf, notes)
            terms += f"\n| where {render(Where().generate(rest, notes))}"
        notes.refusals[:] = dict.fromkeys(notes.refusals)
        return terms

    def list_key(self, leaf: Node) -> Hashable | None:
        if isinstance(leaf, Cidr) and nameable(leaf.field):
            return leaf.field, Cidr
        if not isinstance(leaf, (Equals, Glob, NumberEquals, BooleanEquals)):
            return None
        is_empty = isinstance(leaf, Equals) and not leaf.value and not leaf.cased
        return None if is_empty or not nameable(leaf.field) else leaf.field

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        """SEARCH: `IN` takes values as `=` does, wildcards too."""
        if isinstance(leaves[0], Cidr):
            return _any_subnet(leaves)
        name = search_name(leaves[0].field, leaves[0].place)
        return Listing(f"{name} IN (", tuple(dict.fromkeys(map(_value, leaves))))
