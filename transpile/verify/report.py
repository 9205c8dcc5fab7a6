"""What a verification showed, as JSON and as JUnit's XML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from transpile.query import Outcome
from transpile.verify.given import GivenEvent
from transpile.verify.session import Result
from transpile.verify.trial import Finding

TOLD = (Outcome.EXACT, Outcome.APPROXIMATE)

GIVEN = "the mapping"
"""what is taken for granted where a query was executed"""
GIVEN_IN_WORDS = (
    "exact, given the mapping: the rows that a query runs on are made by the target's own mapping,"
    " so a field that is mapped wrong is not noticed"
)
UNEXECUTED: Mapping[Finding, str] = {
    Finding.CHECKED: "valid by the language's own service, but not executed",
    Finding.UNVERIFIED: "neither executed nor checked",
}
"""findings that show of no query whether it is exact"""


class Tally:
    """Counts of one target: rules by outcome, and queries by outcome and finding."""

    def __init__(self) -> None:
        self.rules = 0
        self.events = 0
        self.unheld = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.findings: Counter[tuple[Outcome, Finding]] = Counter()

    def add(self, result: Result) -> None:
        """Count one rule."""
        self.rules += 1
        self.events += result.events
        self.unheld += result.unheld
        self.outcomes[result.query.outcome] += 1
        self.findings[result.query.outcome, result.finding] += 1

    def of(self, outcome: Outcome) -> dict[str, int]:
        """The findings on the queries of one outcome, those that occur."""
        return {
            finding.value: self.findings[outcome, finding]
            for finding in Finding
            if self.findings[outcome, finding]
        }


def place_of(result: Result) -> str:
    """Where in its file the rule goes wrong, as far as it is known."""
    place = result.blame.place if result.blame else None
    path = result.query.path
    return f"{path}:{place.line}:{place.column}" if place else path


def in_words(result: Result) -> str:
    """What is wrong with a query, or why it isn't known, on one line."""
    if result.finding in UNEXECUTED:
        return f"{UNEXECUTED[result.finding]}: {result.detail}"
    if result.detail:
        return result.detail
    wrong = [
        f"{what} {len(positions)}"
        for what, positions in (("misses", result.missed), ("wrongly finds", result.false_hits))
        if positions
    ]
    words = [f"{' and '.join(wrong)} of {result.events} events"] if wrong else []
    if result.foreign_hits:
        words.append(f"finds {result.foreign_hits} events of other kinds")
    return "; ".join(words)


def as_json(
    results: Sequence[Result],
    tallies: Mapping[str, Tally],
    engines: Mapping[str, str],
    given: Sequence[GivenEvent] | None = None,
) -> str:
    """The whole verification as one JSON object."""
    document = {
        "engines": dict(sorted(engines.items())),
        "targets": {
            name: {
                "rules": tally.rules,
                "events": tally.events,
                "unheld": tally.unheld,
                **{outcome.value: tally.outcomes[outcome] for outcome in Outcome},
                "findings": {outcome.value: tally.of(outcome) for outcome in TOLD},
            }
            for name, tally in tallies.items()
        },
        "results": [_result(result, given) for result in results],
    }
    return json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n"


def _result(result: Result, given: Sequence[GivenEvent] | None) -> dict[str, Any]:
    query, difference, blame = result.query, result.difference, result.blame
    return {
        "id": query.id,
        "title": query.title,
        "path": query.path,
        "target": query.target,
        "outcome": query.outcome.value,
        "finding": result.finding.value,
        "given": GIVEN if result.finding.executed else None,
        "fails": result.fails,
        "detail": result.detail,
        "events": result.events,
        "unheld": result.unheld,
        **_hits(result, given),
        "smallest_event": dict(difference.event) if difference else None,
        "must_find_it": difference.meant if difference else None,
        "to_blame": blame.part if blame else None,
        "line": blame.place.line if blame and blame.place else None,
        "column": blame.place.column if blame and blame.place else None,
    }


def _hits(result: Result, given: Sequence[GivenEvent] | None) -> dict[str, object]:
    """Counts, or the numbers of given events; null where nothing executed the query."""
    hits: dict[str, Sequence[int]] = {
        "must_find": result.must_find,
        "missed": result.missed,
        "false_hits": result.false_hits,
    }
    if given is not None:
        hits["found"] = result.found
    if not result.finding.executed:
        return {**dict.fromkeys(hits), "foreign_hits": None}
    told = {
        name: len(positions) if given is None else numbers(positions, given)
        for name, positions in hits.items()
    }
    return {**told, "foreign_hits": result.foreign_hits}


def numbers(positions: Sequence[int], given: Sequence[GivenEvent]) -> list[int]:
    """The numbers of events as their file counts them."""
    return [given[position].number for position in positions]


def as_junit(results: Sequence[Result], targets: Sequence[str]) -> str:
    """JUnit's XML: a suite for each target, a case for each rule.

    What is called exact and is not is a failure; what its engine refuses an error; what was not
    executed, or is approximate, is skipped. A suite's property tells what a passed case takes for
    granted. As read by Jenkins, GitLab and others:
    https://github.com/testmoapp/junitxml
    """
    suites = ElementTree.Element("testsuites", name="sigma-transpile verify")
    totals: Counter[str] = Counter()
    for target in targets:
        own = [result for result in results if result.query.target == target]
        suite = ElementTree.SubElement(suites, "testsuite", name=target)
        if any(result.finding.executed for result in own):
            properties = ElementTree.SubElement(suite, "properties")
            ElementTree.SubElement(properties, "property", name="given", value=GIVEN_IN_WORDS)
        counts: Counter[str] = Counter(tests=len(own), failures=0, errors=0, skipped=0)
        for result in own:
            query = result.query
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"{target}.{_clean(query.path)}",
                name=_clean(query.title or query.path),
                file=_clean(query.path),
            )
            kind = _add_end(case, result)
            counts[kind] += 1
        del counts[""]
        _set_counts(suite, counts)
        totals.update(counts)
    _set_counts(suites, totals)
    ElementTree.indent(suites)
    body = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _set_counts(element: ElementTree.Element, counts: Mapping[str, int]) -> None:
    for name in ("tests", "failures", "errors", "skipped"):
        element.set(name, str(counts.get(name, 0)))


def _add_end(case: ElementTree.Element, result: Result) -> str:
    """Add to a case how it ended; the count that it belongs to, '' for a passed one."""
    if result.fails:
        error = result.finding is Finding.ENGINE_ERROR
        element = ElementTree.SubElement(
            case,
            "error" if error else "failure",
            message=_clean(in_words(result)),
            type=result.finding.value,
        )
        element.text = _clean("\n".join(evidence(result)))
        return "errors" if error else "failures"
    if result.finding is Finding.EXACT:
        return ""
    if result.finding in UNEXECUTED:
        why = f"{result.finding.value}: {in_words(result)}"
    elif result.query.outcome is Outcome.APPROXIMATE:
        why = f"approximate: {result.finding.value}"
    else:
        why = result.query.outcome.value
    ElementTree.SubElement(case, "skipped", message=_clean(why))
    return "skipped"


def evidence(result: Result) -> list[str]:
    """The lines that show what is wrong: the smallest event, and the part to blame."""
    lines = []
    if result.difference is not None:
        event = json.dumps(dict(result.difference.event), ensure_ascii=False, default=str)
        verb = "must be found" if result.difference.meant else "must not be found"
        kind = "event of another kind" if result.difference.foreign else "smallest event"
        lines.append(f"{kind}, which {verb}: {event}")
    if result.blame is not None:
        lines.append(f"to blame: {result.blame.part} ({place_of(result)})")
    return lines


def _clean(text: str) -> str:
    """Text that XML 1.0 can hold."""
    return "".join(
        c
        if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        else "\ufffd"
        for c in text
    )
