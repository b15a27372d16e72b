"""The stores in memory."""

from __future__ import annotations

import pytest

from services.gateway.adapters.memory_store import MemoryArchive, MemoryConversations
from tests.contract.gateway.conversation_store_contract import ConversationStoreContract, MakeStore
from tests.contract.gateway.search_archive_contract import MakeArchive, SearchArchiveContract


class TestMemoryConversations(ConversationStoreContract):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        return lambda ttl_s: MemoryConversations(ttl_s=ttl_s, most=100)


class TestMemoryArchive(SearchArchiveContract):
    @pytest.fixture
    def make_archive(self) -> MakeArchive:
        return lambda ttl_s: MemoryArchive(ttl_s=ttl_s, most=100)
