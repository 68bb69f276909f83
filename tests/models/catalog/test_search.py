"""Any characters that stand together in a name find it, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.catalog.search import (
    InvalidQuery,
    SearchWord,
    normalise,
    query_words,
    search_texts,
    terms_at,
)

PEACH = "欢乐家久宝桃罐头 700g（瓶装）"

# Everything Unicode, and often what product names are made of.
texts = st.one_of(
    st.text(max_size=40), st.text("可口乐 500.5mlML（）·ｍ①é\u0301ﬁß㎏½", max_size=40)
)


def index_terms(text: str) -> set[str]:
    return {term for term, _ in terms_at(normalise(text))}


def finds(query: str, text: str) -> bool:
    """What a store of terms does with a query, pinyin aside."""
    return all(
        set(word.terms) <= index_terms(text) and (not word.recheck or word.text in normalise(text))
        for word in query_words(query)
    )


def finds_by_sound(query: str, name: str) -> bool:
    """Whether a word finds a name by its letters or, where it has them not, by the pinyin it spells."""
    texts = search_texts(name)
    indexed = {term for each in (texts.name, texts.name_initials) for term, _ in terms_at(each)}

    def has(word: SearchWord | None) -> bool:
        fits = word is not None and set(word.terms) <= indexed
        return fits and (not word.recheck or word.text in str(texts))

    (word,) = query_words(query)
    return has(word) or has(word.spelled)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("可口可乐 500ML", "可口可乐500ml"),
        ("ＫＦＣ　（大）", "kfc大"),
        ("1.5L", "1.5l"),
        ("１．５Ｌ", "1.5l"),
        ("1.5.", "1.5"),
        ("No.5", "no5"),
        ("a.b 1..2", "ab12"),
        ("Café Straße", "cafestrasse"),
        ("旺旺-雪饼_大·包", "旺旺雪饼大包"),
        ("!?。，", ""),
        ("\ud800\x00", ""),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("nn", "纯牛奶"),
        ("cnn", "纯牛奶"),
        ("CNN", "蒙牛纯牛奶250ml"),
        ("nn250", "纯牛奶250ml"),
        ("niunai", "纯牛奶"),
        ("chunniunai", "纯牛奶"),
        ("niuna", "纯牛奶"),
        ("kele", "可口可乐"),
        ("cq", "重庆火锅"),
        ("lvcha", "绿茶"),
        ("kkk", "KKK薯片"),
    ],
)
def test_pinyin_finds_a_name(query: str, name: str) -> None:
    assert finds_by_sound(query, name)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("nc", "纯牛奶"),
        ("un", "纯牛奶"),
        ("hunniu", "纯牛奶"),
        ("naichun", "纯牛奶"),
        ("zq", "重庆"),
    ],
)
def test_what_a_name_does_not_sound_like_finds_nothing(query: str, name: str) -> None:
    assert not finds_by_sound(query, name)


def test_terms_are_all_characters_and_pairs() -> None:
    assert index_terms("可口可乐") == {"可", "口", "乐", "可口", "口可", "可乐"}
    assert index_terms("1.5L") == {"1", "5", "l", "5l"}
    assert index_terms("…") == frozenset()


@pytest.mark.parametrize("start", range(len("欢乐家久宝桃罐头") - 1))
def test_any_two_characters_find_a_name(start: int) -> None:
    assert finds(PEACH[start : start + 2], PEACH)


@pytest.mark.parametrize(
    "query", ["桃", "宝桃", "桃罐头", "700g", "G（瓶", "头700", "罐头 欢乐", "欢乐家　瓶装"]
)
def test_a_query_that_finds(query: str) -> None:
    assert finds(query, PEACH)


@pytest.mark.parametrize("query", ["梨", "乐欢", "桃欢乐", "桃头", "罐头 梨", "7.00g"])
def test_a_query_that_does_not_find(query: str) -> None:
    assert not finds(query, PEACH)


def test_a_recheck_refuses_what_pairs_alone_would_let_through() -> None:
    (word,) = query_words("可口可乐")
    assert set(word.terms) <= index_terms("口可乐和可口")
    assert not finds("可口可乐", "口可乐和可口")


def test_a_point_tells_numbers_apart() -> None:
    assert finds("1.5L", "雪碧 1.5L")
    assert not finds("1.5L", "雪碧 15L")
    assert not finds("15L", "雪碧 1.5L")


def test_words_of_a_query() -> None:
    single, pair, long = query_words("桃 罐头 700克 桃 ！")
    assert (single.text, single.terms, single.recheck) == ("桃", ("桃",), False)
    assert (pair.text, pair.terms, pair.recheck) == ("罐头", ("罐头",), False)
    assert (long.text, long.recheck) == ("700克", True)
    assert long.terms == ("700", "0克")


@pytest.mark.parametrize("query", ["", "   ", "!?", "。。"])
def test_a_query_without_letters_has_no_words(query: str) -> None:
    assert query_words(query) == []


def test_a_query_has_a_limit() -> None:
    assert len(query_words("桃" * 100)) == 1
    with pytest.raises(InvalidQuery):
        query_words("桃" * 101)


@given(texts, st.data())
@example("e\u0301", None).via("an accent of its own")
@example("1.5", None).via("a point between digits")
def test_a_part_of_a_text_has_no_terms_but_the_texts(text: str, data) -> None:
    if data is None:
        spans = [(a, b) for a in range(len(text)) for b in range(a + 1, len(text) + 1)]
    else:
        start = data.draw(st.integers(0, len(text)))
        spans = [(start, data.draw(st.integers(start, len(text))))]
    for start, end in spans:
        part = text[start:end]
        assert index_terms(part) <= index_terms(text)
        assert normalise(part) in normalise(text)
        assert all(finds(word, text) for word in part.split())


@given(texts)
def test_terms_are_short_and_of_letters_and_digits(text: str) -> None:
    for term in index_terms(text):
        assert len(term) in (1, 2) or (len(term) == 3 and term.isascii())
        assert all(character.isalnum() for character in term)


@given(texts)
def test_a_normal_form_is_its_own(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(texts, texts)
def test_rechecked_terms_agree_with_looking_for_the_words(query: str, text: str) -> None:
    words = filter(None, map(normalise, query.split()))
    looked_for = all(word in normalise(text) for word in words)
    assert finds(query, text) == looked_for
