"""Addresses of pictures: a page may write them as they are, and every program reads the same host."""

from __future__ import annotations

import pytest

from models.errors import InvalidInput
from resolvers.bulk_rows import Faults
from resolvers.catalog.media import MediaDraft, medium_of


def checked(url: str) -> tuple[dict[str, str] | None, Faults]:
    faults = Faults(())
    return medium_of(MediaDraft(url), faults, ("media", 0)), faults


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example/1.jpg",
        "http://cdn.example",
        "https://cdn.example:8443/a/b%20c@2x.jpg?w=100&h=(1)#t=10,20",
        "https://xn--fsq.xn--fiqs8s/%E8%8C%B6.jpg",
        "HTTPS://CDN.example/",
        "http://127.0.0.1:8000/demo.svg",
        "http://[::1]:8000/demo.svg",
        "https://bucket_1.oss.example/~a/!$&'()*+,;=:",
    ],
)
def test_an_address_is_taken_as_it_is(url: str) -> None:
    medium, faults = checked(url)
    assert not faults
    assert medium is not None
    assert medium["url"] == url


@pytest.mark.parametrize(
    "url",
    [
        'https://h/"><script>',
        "https://h/'<",
        "https://h/a b",
        "https://h/`{|}^",
        "https://h/\\evil",
        "https://h/茶.jpg",
        "https://h/a%00",
        "https://h/a%0d%0aX",
        "https://h/a%7F",
        "https://h/a%2",
        "https://h/a%zz",
        "http://a#@b",
        "http://a?@b",
        "http://user@h/",
        "http://user:secret@h/",
        "http://h\\@b/",
        "http://．/",
        "http://./",
        "http://../",
        "http://a..b/",
        "http://-a.example/",
        "http://a-/",
        "http://1.2.3/",
        "http://1.2.3.400/",
        "http://[1::2::3]/",
        "http://[::1",
        "http:///a",
        "http://h:0/",
        "http://h:65536/",
        "http://h:/",
        f"http://{'a' * 64}/",
        f"http://{'a.' * 127}a/",
        "//h/a",
        "ftp://h/a",
        "javascript:alert(1)",
        "data:text/html,x",
    ],
)
def test_what_a_page_or_a_program_may_read_otherwise_is_refused(url: str) -> None:
    _, faults = checked(url)
    assert [(type(each), each.path) for each in faults.found] == [
        (InvalidInput, ("media", 0, "url"))
    ]
