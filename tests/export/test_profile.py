"""The profile: what it says, and where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.export import profile as profiles
from transpile.export.duration import Duration
from transpile.load.about import About
from transpile.load.problem import Problem, ProblemFound
from transpile.query import Refused

ID = "11111111-1111-4111-8111-111111111111"


def read(tmp_path: Path, text: str) -> profiles.Profile:
    path = tmp_path / "profile.toml"
    path.write_text(text, "utf-8")
    return profiles.read(str(path))


def problem(tmp_path: Path, text: str) -> Problem:
    with pytest.raises(ProblemFound) as found:
        read(tmp_path, text)
    return found.value.problem


def test_without_one_the_level_decides() -> None:
    profile = profiles.read(None)
    critical = profile.settings(About(level="critical"), None)
    assert (critical.severity, critical.risk_score, str(critical.every)) == ("critical", 99, "15m")
    unknown = profile.settings(About(), None)
    assert (unknown.severity, unknown.risk_score, str(unknown.every)) == ("medium", 47, "1h")
    assert unknown.enabled
    assert not profile.settings(About(status="deprecated"), None).enabled


def test_the_nearer_says_more(tmp_path: Path) -> None:
    profile = read(
        tmp_path,
        f"""
        [defaults]
        every = "2h"
        lookback = "5m"
        risk-score = 1
        [level.high]
        every = "3h"
        suppress-for = "1h"
        [rule."{ID.upper()}"]
        every = "4h"
        enabled = false
        """,
    )
    low = profile.settings(About(level="low"), ID.replace("1", "2"))
    assert (str(low.every), str(low.lookback), low.risk_score, low.enabled) == ("2h", "5m", 1, True)
    high = profile.settings(About(level="high"), None)
    assert (str(high.every), high.suppress_for) == ("3h", Duration(60))
    one = profile.settings(About(level="high"), ID)
    assert (str(one.every), one.enabled, one.suppress_for) == ("4h", False, Duration(60))
    own = profile.settings(About(level="high", settings={"every": "5m", "enabled": True}), ID)
    assert (str(own.every), own.enabled) == ("5m", True)


def test_the_risk_follows_the_severity_unless_it_is_given(tmp_path: Path) -> None:
    profile = read(tmp_path, '[level.low]\nseverity = "high"\n')
    assert profile.settings(About(level="low"), None).risk_score == 73
    profile = read(tmp_path, '[level.low]\nseverity = "high"\nrisk-score = 30\n')
    assert profile.settings(About(level="low"), None).risk_score == 30


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("[splnk]\n", 1, 2, "there is no table 'splnk'", "did you mean 'splunk'?"),
        (
            "[defaults]\n\nevry = '1h'\n",
            3,
            1,
            "there is no key 'evry' in [defaults]",
            "did you mean 'every'?",
        ),
        (
            "[level.high]\nrisk_score = 1\n",
            2,
            1,
            "there is no key 'risk_score' in [level.high]",
            "did you mean 'risk-score'?",
        ),
        (
            "[level.urgent]\nevery = '1h'\n",
            1,
            2,
            "there is no level 'urgent'",
            "there is informational, low, medium, high, critical",
        ),
        (
            '[rule."a.b"]\nevery = "1h"\nenabled = "yes"\n',
            3,
            1,
            "enabled: this must be true or false",
            "",
        ),
        (
            "[defaults]\nevery = '7m'\n",
            2,
            1,
            "every: not every format can say 7m; there is 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h,"
            " 6h, 8h, 12h, 1d",
            "",
        ),
        ("defaults = 1\n", 1, 1, "defaults must be a table", ""),
        ("level.high.every = 5\n", 1, 1, "every: this must be text, on one line and not empty", ""),
        ("[splunk]\napp = '../x'\n", 2, 1, None, ""),
        ('[splunk]\nlabel = "a\\n[b]"\n', 2, 1, None, ""),
        ("[splunk]\nversion = '1'\n", 2, 1, "version: a version is three numbers: 1.0.0", ""),
        ("[defaults]\nsuppress-by = []\n", 2, 1, None, ""),
        ("[defaults]\nrisk-score = true\n", 2, 1, None, ""),
        ("[defaults]\nlookback = '2d'\n", 2, 1, "lookback: this can't be longer than 1d", ""),
        ("[defaults]\nevery = \n", 2, 9, "this is no TOML: Invalid value", ""),
        ("[defaults\n", 1, 10, None, ""),
    ],
)
def test_what_is_wrong_is_located(
    tmp_path: Path, *, text: str, line: int, column: int, message: str | None, hint: str
) -> None:
    found = problem(tmp_path, text)
    assert (found.code, found.line, found.column) == ("bad-profile", line, column)
    assert found.excerpt == text.splitlines()[line - 1]
    if message is not None:
        assert found.message == message
        assert found.hint == hint


def test_files_that_are_no_profile(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    for path in ("x", "nowhere", "."):
        with pytest.raises(ProblemFound) as found:
            profiles.read(str(tmp_path / path))
        assert found.value.problem.code == "bad-profile"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("5m", "sigma-transpile must be a map"),
        ({"evry": "5m"}, "sigma-transpile has no key 'evry'; did you mean 'every'?"),
        ({"severity": "urgent"}, "sigma-transpile: severity: there is informational, low,"),
        ({5: 5}, "sigma-transpile has no key 5; there is enabled, every,"),
    ],
)
def test_a_rules_own_settings_are_checked(settings: object, message: str) -> None:
    with pytest.raises(Refused) as found:
        profiles.read(None).settings(About(settings=settings), None)
    assert found.value.reason.code == "rule-settings"
    assert found.value.reason.message.startswith(message)


def test_the_digest_is_of_what_it_says(tmp_path: Path) -> None:
    one = read(tmp_path, "[defaults]\nevery = '1h'\n")
    same = read(tmp_path, '# a comment\n[defaults]\nevery = "1h"\n')
    other = read(tmp_path, "[defaults]\nevery = '2h'\n")
    assert one.digest == same.digest != other.digest
