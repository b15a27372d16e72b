"""A guarded Elasticsearch of one test file's own, to be killed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.elasticsearch import Elasticsearch, Guard
from infra.local.server import Places, StackError
from tests.certificates import make_certificates
from tests.endpoints import endpoint, unavailable
from tests.integration.private_server import PrivateServer, private
from tests.ports import free_port

PASSWORD = "only-for-tests-7"


class PrivateElasticsearch(PrivateServer):
    """A real server in a folder, with HTTPS and a password."""

    def __init__(self, folder: Path) -> None:
        made = make_certificates(folder)
        self.authority = made.authority
        guard = Guard(PASSWORD, made.certificate, made.key, made.authority)
        places = Places(folder / "elasticsearch", Places.of("elasticsearch").cache)
        server = Elasticsearch(places, free_port(), guard=guard)
        server.fetch()
        super().__init__(server)


@contextmanager
def private_elasticsearch() -> Iterator[PrivateElasticsearch]:
    """Run one where tests run on a real server at all; ended, whatever a test has done to it."""
    endpoint("ELASTICSEARCH")
    # Not pytest's: root runs the server as an account that cannot enter those.
    folder = Path(tempfile.mkdtemp(prefix="concierge-elasticsearch-"))
    folder.chmod(0o755)
    try:
        server = PrivateElasticsearch(folder)
        with private(server):
            yield server
    except StackError as error:
        unavailable("ELASTICSEARCH", str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
