"""Conditions as stages, with their structure kept."""

from __future__ import annotations

from transpile.explain.stages import Group, Join, Predicate, scalar, staged


def test_conjuncts_are_stages_and_selectors_are_spelled_out() -> None:
    (condition,) = staged(
        {
            "selection": {"A": 1},
            "filter_a": {"B": 1},
            "filter_b": {"C": 1},
            "condition": "selection and not 1 of filter_* and all of filter_*",
        }
    )
    assert [(stage.text, stage.spelled) for stage in condition.stages] == [
        ("selection", ""),
        ("not 1 of filter_*", "none of filter_a, filter_b"),
        ("all of filter_*", "all of filter_a, filter_b"),
    ]


def test_all_stays_a_conjunction_inside_a_disjunction() -> None:
    (condition,) = staged(
        {
            "a": {"F|contains|all": ["x", "y"]},
            "b": {"F|contains": ["x", "y"]},
            "condition": "1 of *",
        }
    )
    (stage,) = condition.stages
    assert isinstance(stage.part, Group)
    assert stage.part.join is Join.OR
    joins = [(one.name, one.join) for one in stage.part.members if isinstance(one, Group)]
    assert joins == [("a", Join.AND), ("b", Join.OR)]


def test_a_condition_that_is_no_conjunction_is_one_stage() -> None:
    section = {"a": {"F": 1}, "b": {"G": 1}, "condition": "a or not (b and a)"}
    (condition,) = staged(section)
    assert [stage.text for stage in condition.stages] == ["a or not (b and a)"]


def test_several_conditions() -> None:
    section = {"a": {"F": 1}, "b": {"G": 1}, "condition": ["a", "a and b"]}
    assert [len(condition.stages) for condition in staged(section)] == [1, 2]


def test_neq_denies_the_whole_list() -> None:
    (condition,) = staged({"a": {"F|neq": [1, 2]}, "condition": "a"})
    part = condition.stages[0].part
    assert isinstance(part, Group)
    assert part.join is Join.AND


def test_keywords_and_lists_of_maps() -> None:
    section = {"a": ["x", "y"], "b": [{"F": 1}, {"G": 2, "H": 3}], "condition": "a and b"}
    (condition,) = staged(section)
    keywords, maps = (stage.part for stage in condition.stages)
    assert keywords == Group(Join.OR, (Predicate("", "x"), Predicate("", "y")), "a")
    both = Group(Join.AND, (Predicate("G", 2), Predicate("H", 3)))
    assert maps == Group(Join.OR, (Predicate("F", 1), both), "b")


def test_values_are_written_as_yaml_writes_them() -> None:
    assert scalar("it's") == "'it''s'"
    assert scalar("yes") == "'yes'"
    assert scalar("plain") == "plain"
    assert scalar("") == "''"
    assert scalar(None) == "null"
    assert scalar(True) == "true"
    assert scalar(4688) == "4688"
    assert scalar("a\x1b\n") == '"a\\x1b\\n"'
