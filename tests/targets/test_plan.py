"""How a plan carries a meaning into a target's fields."""

from __future__ import annotations

from transpile.ir.nodes import (
    And,
    BooleanEquals,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    Type,
    Wildcard,
)
from transpile.query import Place, Refused
from transpile.targets.plan import LogSource, Plan

RUN = Wildcard.ANY_RUN
NAMES = {"A": ("a",), "B": ("b1", "b2"), "D": ("direction",)}


def resolve(name: str) -> tuple[Field, ...]:
    if name not in NAMES:
        raise Refused("unmapped-field", f"{name} has no column")
    return tuple(Field(target, Type.STRING, name) for target in NAMES[name])


PLAN = Plan(resolve, values={"direction": {"true": "egress", "1": "one"}})


def string(name: str, sigma: str) -> Field:
    return Field(name, Type.STRING, sigma)


def test_one_field() -> None:
    mapped = PLAN.map(And((Equals(Field("A"), "x"), Not(IsNull(Field("A"))))))
    a = string("a", "A")
    assert mapped.search.condition == And((Equals(a, "x"), Not(IsNull(a))))
    assert mapped.fields == {"A": (Field("a", Type.STRING, "A"),)}


def test_several_fields_are_any_of_them_and_null_all() -> None:
    b1, b2 = string("b1", "B"), string("b2", "B")
    assert PLAN.map(Equals(Field("B"), "x")).search.condition == Or(
        (Equals(b1, "x"), Equals(b2, "x"))
    )
    assert PLAN.map(IsNull(Field("B"))).search.condition == And((IsNull(b1), IsNull(b2)))
    assert PLAN.map(Exists(Field("B"))).search.condition == Or((Exists(b1), Exists(b2)))
    names = PLAN.map(Equals(Field("B"), "x")).fields["B"]
    assert [field.name for field in names] == ["b1", "b2"]


def test_values_are_translated_in_any_spelling() -> None:
    egress = Equals(string("direction", "D"), "egress")
    assert PLAN.map(BooleanEquals(Field("D"), True)).search.condition == egress
    assert PLAN.map(Equals(Field("D"), "TRUE")).search.condition == egress
    assert PLAN.map(NumberEquals(Field("D"), 1)).search.condition == Equals(
        string("direction", "D"), "one"
    )


def test_a_field_of_other_values_is_absent_where_it_is_absent() -> None:
    """Presence asks for no value, so there is nothing to translate or to refuse."""
    for leaf in (IsNull, Exists):
        mapped = PLAN.map(leaf(Field("D")))
        assert mapped.search.condition == leaf(string("direction", "D"))
        assert mapped.refusals == ()


def test_a_value_without_a_translation_is_refused() -> None:
    place = Place(3, 4)
    for leaf in (Equals(Field("D"), "x", place=place), Glob(Field("D"), ("t", RUN), place=place)):
        (reason,) = PLAN.map(leaf).refusals
        assert (reason.code, reason.place) == ("untranslated-value", place)


def test_every_unmapped_field_is_told_once_with_its_place() -> None:
    meaning = Or(
        (
            Equals(Field("X"), "1", place=Place(1, 1)),
            SameAs(Field("A"), Field("Y"), place=Place(2, 1)),
        )
    )
    reasons = PLAN.map(meaning).refusals
    assert [(r.code, r.message, r.place) for r in reasons] == [
        ("unmapped-field", "X has no column", Place(1, 1)),
        ("unmapped-field", "Y has no column", Place(2, 1)),
    ]


def test_keywords_are_looked_for_in_the_text_field_if_there_is_one() -> None:
    keyword = Keyword(("k",))
    assert PLAN.map(keyword).search.condition == keyword
    text = Field("message", Type.WILDCARD)
    mapped = Plan(resolve, text=text).map(keyword)
    assert mapped.search.condition == Glob(text, (RUN, "k", RUN))
    assert [reason.code for reason in mapped.approximations] == ["keyword-field"]


def test_fields_that_a_pipeline_named_stay_as_they_are() -> None:
    mapped = PLAN.map(Equals(Field("D"), "true"), frozenset(("D",)))
    assert mapped.search.condition == Equals(Field("D"), "true")


def test_log_sources_read_well() -> None:
    assert str(LogSource("windows", None, "security")) == "product: windows, service: security"


NULL_IS_TEXT = Plan(resolve, absent=lambda name: ("null", "success") if name == "A" else ("null",))
IS_NULL, IS_SUCCESS = Equals(string("a", "A"), "null"), Equals(string("a", "A"), "success")


def test_where_a_text_stands_for_no_value_null_asks_for_it_too() -> None:
    a = string("a", "A")
    assert NULL_IS_TEXT.map(IsNull(Field("A"))).search.condition == Or(
        (IsNull(a), IS_NULL, IS_SUCCESS)
    )
    present = And((Exists(a), Not(IS_NULL), Not(IS_SUCCESS)))
    assert NULL_IS_TEXT.map(Exists(Field("A"))).search.condition == present
    assert NULL_IS_TEXT.map(Glob(Field("A"), (RUN,))).search.condition == present


def test_a_test_that_such_a_text_would_pass_leaves_it_out() -> None:
    b1, b2 = string("b1", "B"), string("b2", "B")
    ends, other = Glob(Field("B"), (RUN, "L")), Glob(Field("B"), (RUN, "x"))
    assert NULL_IS_TEXT.map(ends).search.condition == Or(
        (
            And((Glob(b1, (RUN, "L")), Not(Equals(b1, "null")))),
            And((Glob(b2, (RUN, "L")), Not(Equals(b2, "null")))),
        )
    )
    assert NULL_IS_TEXT.map(other).search.condition == Or(
        (Glob(b1, (RUN, "x")), Glob(b2, (RUN, "x")))
    )
    found, not_found = Regex(Field("A"), "n.l+$"), Regex(Field("A"), "nn|ff|xx")
    a = string("a", "A")
    assert NULL_IS_TEXT.map(found).search.condition == And(
        (Regex(a, "n.l+$"), Not(Equals(a, "null")))
    )
    assert NULL_IS_TEXT.map(not_found).search.condition == Regex(a, "nn|ff|xx")


def test_such_a_text_itself_is_told_unless_null_stands_beside_it() -> None:
    success = Equals(Field("A"), "Success")
    (reason,) = NULL_IS_TEXT.map(success).approximations
    assert reason.code == "ingested-otherwise"
    assert "'success'" in reason.message
    assert NULL_IS_TEXT.map(Or((IsNull(Field("A")), success))).approximations == ()
    assert NULL_IS_TEXT.map(Equals(Field("A"), "AccessDenied")).approximations == ()


def test_two_fields_that_both_have_no_value_are_not_the_same() -> None:
    same = NULL_IS_TEXT.map(SameAs(Field("A"), Field("D"))).search.condition
    assert isinstance(same, And)
    assert same.operands[1:] == (Not(IS_NULL), Not(IS_SUCCESS))
