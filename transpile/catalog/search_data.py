"""What the index searches: the rules as a script, as a page from a folder can load nothing else."""

from __future__ import annotations

import json
from typing import Any

from transpile.attack import techniques
from transpile.catalog.collection import Collection, is_hidden
from transpile.explain.explanation import Explanation
from transpile.targets import registry


def search_data(collection: Collection, targets: tuple[str, ...]) -> str:
    """The script that holds the rules for the index."""
    ordered = sorted(
        collection.rules.items(), key=lambda pair: (pair[1].head.title.casefold(), pair[0])
    )
    data = {
        "targets": [[name, registry.get(name).title] for name in targets],
        "techniques": _technique_names(collection),
        "rules": [_rule(slug, rule) for slug, rule in ordered],
    }
    # ASCII, and nothing that could end a script, wherever the text is put.
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return f"window.CATALOGUE={text};\n"


def _technique_names(collection: Collection) -> dict[str, str]:
    used = {one for rule in collection.rules.values() for one in covered(rule)}
    return {one: techniques()[one].name for one in sorted(used)}


def covered(rule: Explanation) -> list[str]:
    """The techniques of a rule, each sub-technique with the one that it belongs to."""
    found: dict[str, None] = {}
    for technique in rule.attack.techniques:
        if technique.parent is not None:
            found[technique.parent] = None
        found[technique.id] = None
    return sorted(found)


def _rule(slug: str, rule: Explanation) -> list[Any]:
    head = rule.head
    about = head.about
    values = dict.fromkeys(one.value for one in rule.indicators)
    haystack = [head.title, head.id or "", head.path, *about.tags, *rule.fields, *values]
    return [
        slug,
        head.title,
        about.level,
        about.status,
        about.product,
        about.category or about.service,
        [tactic.name for tactic in rule.attack.tactics],
        covered(rule),
        [target.outcome.value for target in rule.targets],
        about.modified or about.date,
        int(is_hidden(rule)),
        "\n".join(haystack),
    ]
