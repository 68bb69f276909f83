"""A barcode is right by its check digit, and found in whichever form it was scanned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog.gtin import InvalidGtin, check_digit, gtin_key, normalise_gtin

RIGHT = [
    "96385074",
    "036000291452",
    "6924254673572",
    "4006381333931",
    "10614141000415",
]


@pytest.mark.parametrize("gtin", RIGHT)
def test_a_right_barcode_stays_as_it_is(gtin: str) -> None:
    assert normalise_gtin(gtin) == gtin
    assert gtin_key(gtin) == gtin.zfill(14)


@pytest.mark.parametrize(
    "typed",
    [
        "6 924254 673572",
        " 6924254673572\n",
        "6924-2546-73572",
        "６９２４２５４６７３５７２",
        "692425467357 2",
        "6924254673572" + " " * 27,
    ],
)
def test_spaces_hyphens_and_full_width_digits_are_forgiven(typed: str) -> None:
    assert normalise_gtin(typed) == "6924254673572"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "6924254673573",
        "6924254675372",
        "692425467357",
        "69242546735720",
        "1234567",
        "123456789",
        "12345678901",
        "123456789012345",
        "692425467357X",
        "٦٩٢٤٢٥٤٦٧٣٥٧٢",
        "6924\t254673572",
        "00000000",
        "0000000000000",
        "6924254673572" + " " * 28,
        "9" * 1_000_000,
    ],
)
def test_a_wrong_barcode_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidGtin):
        normalise_gtin(wrong)
    with pytest.raises(InvalidGtin):
        gtin_key(wrong)


def test_a_upc_and_its_ean_are_one() -> None:
    assert gtin_key("036000291452") == gtin_key("0036000291452") == gtin_key("00036000291452")


def test_a_case_of_a_product_is_not_the_product() -> None:
    assert gtin_key("16924254673579") != gtin_key("6924254673572")


digits = st.text("0123456789", min_size=7, max_size=13).filter(
    lambda text: len(text) not in {8, 9, 10}
)


@given(digits.filter(lambda text: text.strip("0")), st.data())
def test_no_single_wrong_digit_goes_unnoticed(body: str, data) -> None:
    gtin = body + check_digit(body)
    assert normalise_gtin(gtin) == gtin
    place = data.draw(st.integers(0, len(gtin) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != gtin[place]]))
    with pytest.raises(InvalidGtin):
        normalise_gtin(gtin[:place] + other + gtin[place + 1 :])


@given(st.text(max_size=60))
def test_any_text_is_a_barcode_or_refused(text: str) -> None:
    try:
        gtin = normalise_gtin(text)
    except InvalidGtin:
        return
    assert normalise_gtin(gtin) == gtin
