"""Every page speaks both languages."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("id", ("Memenuhi Syarat (MS)", "Kesenjangan", "Kurang 1", "88,89", "Komunikasi", "Mengapa angka ini?")),
        ("en", ("Meets requirements (MS)", "Gap", "Short by 1", "88.89", "Communication", "Why this number?")),
    ],
)
def test_pages_speak_the_language_of_the_launch(learner, locale, words):
    person = learner(locale=locale)
    person.begin()
    person.rate({"M3": 2, "M5": 2, "M7": 2})

    page = person.finish()

    assert f'lang="{locale}"' in page.text
    for word in words:
        assert word in page.text
