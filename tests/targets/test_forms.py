"""Values that are kept in another form: what a test comes to, and what fields hold for a text."""

from __future__ import annotations

import pytest

from transpile.ir.nodes import (
    And,
    BooleanEquals,
    Equals,
    Exists,
    Field,
    FieldLeaf,
    Glob,
    IsNull,
    Node,
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    Wildcard,
)
from transpile.query import Refused
from transpile.targets.forms import Form, form, keyed

RUN = Wildcard.ANY_RUN
ONE = Wildcard.ANY_ONE
FIELD = Field("F")
MD5, SHA1, IMPHASH = Field("h.md5"), Field("h.sha1"), Field("pe.imphash")
HASHES = form("hashes", (MD5, SHA1, IMPHASH))
DOMAIN, NAME = Field("domain"), Field("name")
ACCOUNT = form("account", (DOMAIN, NAME))
STRINGS, KIND = Field("strings"), Field("type")
DATA = form("registry-data", (STRINGS, KIND))
LIST = Field("list")
CODES = form("codes", (LIST,))
WORDS = form("words", (LIST,))
DWORD, QWORD = Equals(KIND, "SZ_DWORD", cased=True), Equals(KIND, "SZ_QWORD", cased=True)
NO_NUMBER = Not(Or((DWORD, QWORD)))
DIGEST = "0123456789ABCDEF0123456789ABCDEF"


def contains(*parts: str | Wildcard) -> Glob:
    return Glob(FIELD, (RUN, *parts, RUN))


@pytest.mark.parametrize(
    ("made", "leaf", "node"),
    [
        (HASHES, contains(f"MD5={DIGEST}"), Equals(MD5, DIGEST.lower(), cased=True)),
        (HASHES, contains(f"imphash={DIGEST}"), Equals(IMPHASH, DIGEST.lower(), cased=True)),
        (HASHES, contains("MD5=01AB"), Glob(MD5, ("01ab", RUN), cased=True)),
        (
            HASHES,
            contains(DIGEST),
            Or(
                (
                    Equals(MD5, DIGEST.lower(), cased=True),
                    Equals(IMPHASH, DIGEST.lower(), cased=True),
                )
            ),
        ),
        (HASHES, IsNull(FIELD), And((IsNull(MD5), IsNull(SHA1), IsNull(IMPHASH)))),
        (
            ACCOUNT,
            Equals(FIELD, "NT AUTHORITY\\SYSTEM"),
            And((Equals(DOMAIN, "NT AUTHORITY"), Equals(NAME, "SYSTEM"))),
        ),
        (ACCOUNT, Glob(FIELD, (RUN, "\\SYSTEM")), Equals(NAME, "SYSTEM")),
        (ACCOUNT, Glob(FIELD, ("CORP\\", RUN)), Equals(DOMAIN, "CORP")),
        (ACCOUNT, contains("\\"), Exists(NAME)),
        (ACCOUNT, Glob(FIELD, (RUN, "svc")), Glob(NAME, (RUN, "svc"))),
        (
            ACCOUNT,
            Glob(FIELD, ("a", ONE, "b")),
            And((Equals(DOMAIN, "a"), Equals(NAME, "b"))),
        ),
        (
            DATA,
            Equals(FIELD, "DWORD (0x0000000a)"),
            And((Equals(STRINGS, "10", cased=True), Equals(KIND, "SZ_DWORD", cased=True))),
        ),
        (DATA, Equals(FIELD, "1"), And((Equals(STRINGS, "1"), NO_NUMBER))),
        (DATA, Equals(FIELD, "DWORD (00000001)"), Equals(STRINGS, "DWORD (00000001)")),
        (DATA, Glob(FIELD, ("4", RUN)), And((Glob(STRINGS, ("4", RUN)), NO_NUMBER))),
        (DATA, Glob(FIELD, (RUN, "4")), And((Glob(STRINGS, (RUN, "4")), NO_NUMBER))),
        (DATA, contains("  "), Glob(STRINGS, (RUN, "  ", RUN))),
        (
            DATA,
            Glob(FIELD, ("DWORD", RUN)),
            Or((Glob(STRINGS, ("DWORD", RUN)), DWORD)),
        ),
        (
            DATA,
            contains("word"),
            Or((Glob(STRINGS, (RUN, "word", RUN)), DWORD, QWORD)),
        ),
        (
            DATA,
            Glob(FIELD, (RUN, "DWORD (0x00000010)")),
            Or(
                (
                    Glob(STRINGS, (RUN, "DWORD (0x00000010)")),
                    And((Equals(STRINGS, "16", cased=True), DWORD)),
                )
            ),
        ),
        (DATA, Regex(FIELD, "Software[0-9]"), Regex(STRINGS, "Software[0-9]")),
        (WORDS, contains("SeDebugPrivilege"), Glob(LIST, (RUN, "SeDebugPrivilege", RUN))),
        (DATA, contains("\\AppData\\"), Glob(STRINGS, (RUN, "\\AppData\\", RUN))),
        (
            CODES,
            contains("%%4416"),
            Or((Glob(LIST, (RUN, "%%4416", RUN)), Equals(LIST, "4416", cased=True))),
        ),
    ],
)
def test_what_a_test_comes_to(made: Form, leaf: FieldLeaf, node: Node) -> None:
    told, reasons = made.test(leaf)
    assert _unordered(told) == _unordered(node)
    assert list(reasons) == []


def _unordered(node: Node) -> object:
    if isinstance(node, (And, Or)):
        return type(node), frozenset(map(_unordered, node.operands))
    if isinstance(node, Not):
        return Not, _unordered(node.operand)
    return node


def test_an_account_that_has_a_text_somewhere() -> None:
    told, _ = ACCOUNT.test(contains("AUTHORI"))
    either = (Glob(NAME, (RUN, "AUTHORI", RUN)), Glob(DOMAIN, (RUN, "AUTHORI", RUN)))
    assert isinstance(told, Or)
    assert set(told.operands) == set(either)


@pytest.mark.parametrize(
    ("made", "leaf"),
    [
        (HASHES, Glob(FIELD, (f"MD5={DIGEST}", RUN))),
        (HASHES, Equals(FIELD, f"MD5={DIGEST}")),
        (DATA, contains("0x00000010")),
        (DATA, contains("000")),
        (DATA, NumberEquals(FIELD, 1)),
        (WORDS, Equals(FIELD, "SeDebugPrivilege")),
        (WORDS, contains("a b")),
        (DATA, Regex(FIELD, "^1$")),
        (CODES, contains("4416")),
    ],
)
def test_a_test_of_which_something_is_lost_has_a_reason(made: Form, leaf: FieldLeaf) -> None:
    _, (reason,) = made.test(leaf)
    assert reason.code == "kept-in-parts"


@pytest.mark.parametrize(
    ("made", "leaf"),
    [
        (HASHES, contains("SHA512=AB")),
        (HASHES, contains(f"MD5={DIGEST}0")),
        (HASHES, contains(f"MD5={'0' * 32}")),
        (HASHES, contains("MD5=AB,SHA1=CD")),
        (HASHES, contains("0123")),
        (HASHES, Glob(FIELD, (RUN, "MD5=01"))),
        (HASHES, Glob(FIELD, (RUN, f"MD5={DIGEST.lower()}", RUN), cased=True)),
        (HASHES, Regex(FIELD, "MD5=0")),
        (ACCOUNT, Equals(FIELD, "SYSTEM")),
        (ACCOUNT, Equals(FIELD, "a\\b\\c")),
        (ACCOUNT, Regex(FIELD, "SYS")),
        (DATA, Equals(FIELD, "QWORD (0x00000000-0x00000001)")),
        (ACCOUNT, SameAs(FIELD, FIELD)),
    ],
)
def test_a_test_that_the_parts_cannot_answer_is_refused(made: Form, leaf: FieldLeaf) -> None:
    with pytest.raises(Refused) as refused:
        made.test(leaf)
    assert refused.value.reason.code == "kept-in-parts"


@pytest.mark.parametrize(
    ("made", "text", "held"),
    [
        (HASHES, f"MD5={DIGEST},SHA256={DIGEST * 2}", {"h.md5": DIGEST.lower()}),
        (HASHES, f"{DIGEST}", None),
        (HASHES, f"MD5={'0' * 32}", None),
        (ACCOUNT, "CORP\\mlee", {"domain": "CORP", "name": "mlee"}),
        (ACCOUNT, "mlee", None),
        (ACCOUNT, "a\\b\\c", None),
        (DATA, "DWORD (0x0000000a)", {"strings": "10", "type": "SZ_DWORD"}),
        (DATA, "DWORD (0x0000000A)", None),
        (DATA, "10", {"strings": "10", "type": "REG_SZ"}),
        (DATA, "QWORD (0x00000000-0x00000001)", None),
        (CODES, "%%4416 %%4417", {"list": "%%4416 %%4417"}),
        (CODES, "4416", None),
        (WORDS, "SeA\n\tSeB", {"list": ["SeA", "SeB"]}),
    ],
)
def test_what_the_fields_hold_for_a_text(made: Form, text: str, held: object) -> None:
    assert made.held(text) == held


def test_an_empty_list_is_no_field_and_other_lists_can_not_be_asked() -> None:
    made = form("list", (LIST,))
    node, (reason,) = made.test(Equals(FIELD, "[]"))
    assert node == IsNull(LIST)
    assert reason.code == "kept-in-parts"
    assert made.held("[]") == {}
    assert made.held('["a"]') is None
    with pytest.raises(Refused, match=r"only \[\] can be asked for"):
        made.test(contains("a"))


ACTION, RESULT = Field("action"), Field("result")
LOWERED = form("any-case", (ACTION, RESULT))
REPLACED = form("replaced", (ACTION,), {"Add user.": ["added-user"], "Joined": ["added-member"]})
KEY, WHOLE = Field("flat.a"), Field("whole")
KEYED, ALONE = keyed(KEY, WHOLE), keyed(KEY)


def kept(field: Field, text: str) -> Equals:
    return Equals(field, text, cased=True)


@pytest.mark.parametrize(
    ("made", "leaf", "node"),
    [
        (
            LOWERED,
            Equals(FIELD, "EXECVE"),
            Or((Equals(ACTION, "EXECVE"), Equals(RESULT, "EXECVE"))),
        ),
        (LOWERED, NumberEquals(FIELD, 4), Or((Equals(ACTION, "4"), Equals(RESULT, "4")))),
        (
            LOWERED,
            Regex(FIELD, "^exec", "i"),
            Or((Regex(ACTION, "^exec", "i"), Regex(RESULT, "^exec", "i"))),
        ),
        # Of texts that are replaced, those that pass are asked by what stands for them ...
        (
            REPLACED,
            Equals(FIELD, "add USER."),
            Or((Equals(ACTION, "add USER."), kept(ACTION, "added-user"))),
        ),
        # ... and what only the new text passes is taken out.
        (
            REPLACED,
            Glob(FIELD, (RUN, "added", RUN)),
            And(
                (
                    Glob(ACTION, (RUN, "added", RUN)),
                    Not(Or((kept(ACTION, "added-user"), kept(ACTION, "added-member")))),
                )
            ),
        ),
        (REPLACED, Equals(FIELD, "Removed"), Equals(ACTION, "Removed")),
        (KEYED, Equals(FIELD, "12"), kept(KEY, "12")),
        (KEYED, Equals(FIELD, "x", cased=True), kept(KEY, "x")),
        (KEYED, Glob(FIELD, (RUN, RUN)), Exists(KEY)),
        (KEYED, IsNull(FIELD), IsNull(KEY)),
    ],
)
def test_what_is_said_exactly_of_other_texts(made: Form, leaf: FieldLeaf, node: Node) -> None:
    said, reasons = made.test(leaf)
    assert said == node
    assert reasons == ()


def test_a_text_that_passes_before_and_after_needs_no_more() -> None:
    # "Add user." and "added-user" both begin with it, but "Joined" does not.
    said, reasons = REPLACED.test(Glob(FIELD, ("add", RUN)))
    assert said == And((Glob(ACTION, ("add", RUN)), Not(kept(ACTION, "added-member"))))
    assert reasons == ()


@pytest.mark.parametrize(
    ("made", "leaf", "node", "told"),
    [
        (KEYED, Equals(FIELD, "x"), kept(KEY, "x"), "in this case only"),
        (KEYED, BooleanEquals(FIELD, boolean=True), kept(KEY, "true"), "in this case only"),
        (KEYED, Glob(FIELD, ("x", RUN)), Glob(WHOLE, (RUN, "x", RUN)), "anywhere in whole"),
        (KEYED, Glob(FIELD, (RUN, "x", ONE)), Glob(WHOLE, (RUN, "x", ONE, RUN)), "anywhere in"),
        (REPLACED, Regex(FIELD, "x"), Regex(ACTION, "x"), "not all are found"),
    ],
)
def test_what_is_said_with_a_reason(made: Form, leaf: FieldLeaf, node: Node, told: str) -> None:
    said, (reason,) = made.test(leaf)
    assert said == node
    assert reason.code == "kept-in-parts"
    assert told in reason.message


@pytest.mark.parametrize(
    ("made", "leaf"),
    [
        (LOWERED, Equals(FIELD, "EXECVE", cased=True)),
        (LOWERED, Regex(FIELD, "exec")),
        (ALONE, Glob(FIELD, ("x", RUN))),
        (KEYED, Regex(FIELD, "x")),
        (KEYED, SameAs(FIELD, Field("other"))),
    ],
)
def test_what_can_not_be_said_is_refused(made: Form, leaf: FieldLeaf) -> None:
    with pytest.raises(Refused) as refused:
        made.test(leaf)
    assert refused.value.reason.code == "kept-in-parts"


def test_what_is_kept_of_other_texts() -> None:
    assert LOWERED.held("EXECVE") == {"action": "execve"}
    assert REPLACED.held("Joined") == {"action": "added-member"}
    assert REPLACED.held("Removed") == {"action": "Removed"}
    assert REPLACED.held("added-user") is None  # no event has it
    assert KEYED.held("x") == {"flat.a": "x"}
