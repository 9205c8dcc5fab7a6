"""What a rule says of itself."""

from __future__ import annotations

from datetime import date, datetime

from transpile.load.about import PARTS, About, about

DOCUMENT = {
    "title": "A",
    "description": " Finds it.\n",
    "level": "High",
    "status": "test",
    "author": "Somebody",
    "date": date(2026, 1, 2),
    "modified": datetime(2026, 1, 3),
    "references": "https://example.com",
    "falsepositives": ["Admins", None, {"odd": 1}],
    "tags": ["attack.t1059", 7],
    "logsource": {"product": "windows", "category": "process_creation"},
    "detection": {"selection": {"A": 1}, "condition": "selection"},
    "sigma-transpile": {"every": "5m"},
}


def test_every_key() -> None:
    found = about(DOCUMENT)
    assert found == About(
        description="Finds it.",
        level="high",
        status="test",
        author="Somebody",
        date="2026-01-02",
        modified="2026-01-03",
        references=("https://example.com",),
        false_positives=("Admins",),
        tags=("attack.t1059", "7"),
        product="windows",
        category="process_creation",
        settings={"every": "5m"},
        digest=found.digest,
    )


def test_odd_types_are_left_out() -> None:
    odd = {"level": ["high"], "status": True, "logsource": "windows", "references": {"a": 1}}
    assert about(odd) == About(digest=about(odd).digest)
    assert about({"level": "urgent"}).level == ""


def test_the_digest_tells_which_part_changed() -> None:
    before = about(DOCUMENT).digest.split("-")
    assert len(before) == len(PARTS)
    for key, part in {"detection": "detection", "level": "level", "author": "other"}.items():
        after = about(DOCUMENT | {key: "changed"}).digest.split("-")
        changed = [name for name, a, b in zip(PARTS, before, after, strict=True) if a != b]
        assert changed == [part]


def test_any_key_that_yaml_has_can_be_digested() -> None:
    assert about({date(2026, 1, 1): {None: "\ud800"}}).digest  # type: ignore[dict-item]
