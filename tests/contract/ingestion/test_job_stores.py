"""Every JobStore on the contract."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from services.ingestion.adapters.redis_jobs import RedisJobs
from services.ingestion.adapters.sqlite_jobs import SqliteJobs
from services.ingestion.ports import JobStore
from services.platform.errors import Unavailable
from tests.contract.ingestion.job_store_contract import JobStoreContract
from tests.endpoints import endpoint


class TestSqliteJobs(JobStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> JobStore:
        return SqliteJobs(tmp_path / "jobs.sqlite")


@pytest.mark.integration
class TestRedisJobs(JobStoreContract):
    @pytest.fixture
    def store(self) -> JobStore:
        return RedisJobs(endpoint("REDIS"), key_prefix=f"test-{uuid.uuid4().hex}", timeout_s=10.0)


def test_a_redis_that_is_away_is_unavailable() -> None:
    store = RedisJobs("redis://127.0.0.1:1/0", key_prefix="test", timeout_s=0.2)
    with pytest.raises(Unavailable) as refused:
        store.get("a")
    assert refused.value.reason == "JOB_STORE"
