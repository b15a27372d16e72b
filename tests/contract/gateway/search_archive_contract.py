"""What every SearchArchive must do, whatever keeps the searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from concierge.search.v1 import search_events_pb2

from services.gateway.ports import SearchArchive
from tests.waiting import eventually

# Makes an archive with this time to live in seconds.
MakeArchive: TypeAlias = Callable[[float], SearchArchive]


def search(id: str, text: str = "安静的酒店") -> search_events_pb2.SearchCompleted:
    completed = search_events_pb2.SearchCompleted()
    completed.context.search_id, completed.context.text = id, text
    return completed


class SearchArchiveContract:
    """Fixture `make_archive`; the archives it makes may share what they keep."""

    async def test_a_search_comes_back_as_it_was_saved(self, make_archive: MakeArchive) -> None:
        archive = make_archive(60.0)
        await archive.save(search("s1"))
        assert await archive.load("s1") == search("s1")

    async def test_an_unknown_search_is_none(self, make_archive: MakeArchive) -> None:
        assert await make_archive(60.0).load("never") is None

    async def test_the_same_search_again_replaces_it(self, make_archive: MakeArchive) -> None:
        archive = make_archive(60.0)
        await archive.save(search("s2"))
        await archive.save(search("s2", "again"))
        assert await archive.load("s2") == search("s2", "again")

    async def test_a_search_expires(self, make_archive: MakeArchive) -> None:
        archive = make_archive(0.2)
        await archive.save(search("s3"))

        async def is_gone() -> bool:
            return await archive.load("s3") is None

        await eventually(is_gone)
