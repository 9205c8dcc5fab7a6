"""JUnit's XML, which GitLab and Jenkins read: a test case for each file.

https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from transpile.check.diff import unified
from transpile.check.drift import Drift
from transpile.check.reports.words import place, sentence


def suite(names: Iterable[str], drifts: Sequence[Drift], out: str) -> str:
    """The files that the rules give, and those that differ."""
    differing = {drift.name: drift for drift in drifts}
    cases = [_case(name, differing.get(name), out) for name in sorted({*names, *differing})]
    head = f'<testsuite name="sigma-transpile check" tests="{len(cases)}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
        f'{head} failures="{len(drifts)}" errors="0" skipped="0">\n'
        f"{''.join(cases)}</testsuite>\n</testsuites>\n"
    )


def _case(name: str, drift: Drift | None, out: str) -> str:
    head = f'<testcase classname="drift" name={quoteattr(_fit(name))}'
    if drift is None:
        return f"{head}/>\n"
    path, line = place(drift, out)
    text = "\n".join(unified(name, drift.committed, drift.expected))
    return (
        f'{head} file={quoteattr(_fit(path))} line="{line}">'
        f"<failure type={quoteattr(drift.kind.value)} message={quoteattr(_fit(sentence(drift)))}>"
        f"{escape(_fit(text))}</failure></testcase>\n"
    )


def _fit(text: str) -> str:
    """The text without the characters that XML 1.0 can't hold."""
    return "".join(
        c
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )
