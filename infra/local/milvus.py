"""Milvus from its PyPI wheel: the whole standalone server in one process.

etcd, the log broker and the object store run inside it, so its state is one folder. The wheel's
own launcher is a thread of a Python process; here only its packed binaries are used.
"""

from __future__ import annotations

import json
import lzma
import signal
import sys
import urllib.request
from pathlib import Path
from typing import Any

from infra.local.downloads import filling, run, say, uv
from infra.local.server import HOST, Command, Places, port_of

VERSION = "2.3.5"
PROBE_WAIT_S = 0.8
SESSION_S = 10

# Every component listens for the others, each on a port of its own.
_INTERNAL_PORTS = {
    "milvus_internal": 19532,
    "milvus_root_coord": 19533,
    "milvus_data_coord": 19534,
    "milvus_query_coord": 19535,
    "milvus_data_node": 19536,
    "milvus_query_node": 19537,
    "milvus_index_node": 19538,
}


class Milvus:
    """One standalone Milvus."""

    name = "milvus"
    # After a kill it reads its log again and loads what was loaded: nearly a minute.
    start_wait_s = 180.0
    # On the way down this build often trips over its own etcd and ends in a panic. What was
    # acknowledged is in its log by then, as after a kill.
    stop_signal = signal.SIGINT
    stop_wait_s = 20.0

    def __init__(self) -> None:
        self.places = Places.of(self.name)
        self._port = port_of("milvus", 19530)
        self._metrics_port = port_of("milvus_metrics", 19531)
        self._etcd_port = port_of("milvus_etcd", 19539)
        self._etcd_peer_port = port_of("milvus_etcd_peer", 19540)
        self._internal = {name: port_of(name, port) for name, port in _INTERNAL_PORTS.items()}
        self._binaries = self.places.cache / f"milvus-{VERSION}"

    def endpoint(self) -> tuple[str, str]:
        """Return where clients connect."""
        return "CONCIERGE_TEST_MILVUS", f"http://{HOST}:{self._port}"

    def fetch(self) -> None:
        """Install the wheel into the cache and unpack its binaries."""
        with filling(self._binaries) as folder:
            if folder is None:
                return
            say(f"milvus: fetching {VERSION}, about 60 MB")
            wheel = folder / "wheel"
            into = ["--python", sys.executable, "--target", str(wheel)]
            run([uv(), "pip", "install", *into, "--no-deps", f"milvus=={VERSION}"])
            for packed in (wheel / "milvus" / "data" / "bin").glob("*.lzma"):
                unpacked = folder / packed.stem
                unpacked.write_bytes(lzma.decompress(packed.read_bytes()))
                unpacked.chmod(0o755)
                packed.unlink()

    def prepare(self) -> Command:
        """Write the configuration; what is not in it keeps the server's default."""
        state = self.places.state
        _write(state / "configs" / "milvus.yaml", self._settings())
        # The C++ half ends without a file of flags for its own log.
        (state / "configs" / "glog.conf").write_text("--logtostderr=true\n--minloglevel=1\n")
        _write(state / "etcd.yaml", self._etcd_settings())
        return Command(
            argv=(str(self._binaries / "milvus"), "run", "standalone"),
            env={
                "MILVUSCONF": str(state / "configs"),
                "MILVUS_RUN_DIR": str(state / "run"),
                "METRICS_PORT": str(self._metrics_port),
                "DEPLOY_MODE": "STANDALONE",
                "LD_LIBRARY_PATH": str(self._binaries),
            },
        )

    def is_ready(self) -> bool:
        """Tell whether every component is healthy and every loaded collection can be searched.

        A component is healthy long before the collections are read again after a kill.
        """
        try:
            if _get(f"http://{HOST}:{self._metrics_port}/healthz") != b"OK":
                return False
            collections = self._ask("collections")
            return not any(self._is_loading(name) for name in collections)
        except (OSError, ValueError, KeyError):
            return False

    def _is_loading(self, collection: str) -> bool:
        described = self._ask(f"collections/describe?collectionName={collection}")
        return bool(described["load"] == "LoadStateLoading")

    def _ask(self, what: str) -> Any:
        return json.loads(_get(f"http://{HOST}:{self._port}/v1/vector/{what}"))["data"]

    def _settings(self) -> dict[str, Any]:
        state, internal = self.places.state, self._internal
        return {
            "etcd": {
                "endpoints": f"{HOST}:{self._etcd_port}",
                "use": {"embed": True},
                "data": {"dir": str(state / "etcd")},
                "config": {"path": str(state / "etcd.yaml")},
            },
            "localStorage": {"path": str(state / "data")},
            "mq": {"type": "rocksmq"},
            "rocksmq": {"path": str(state / "rocksmq")},
            # No other node takes over what this one serves, so waiting for that is in vain. A
            # session outlives a killed server: until it ends, collections are not read again.
            "common": {
                "storageType": "local",
                "gracefulStopTimeout": 2,
                "session": {"ttl": SESSION_S},
            },
            "log": {"level": "warn", "stdout": True},
            "proxy": {
                "ip": HOST,
                "port": self._port,
                "internalPort": internal["milvus_internal"],
                "http": {"enabled": True},
            },
            "rootCoord": {"ip": HOST, "port": internal["milvus_root_coord"]},
            "dataCoord": {"ip": HOST, "port": internal["milvus_data_coord"]},
            "queryCoord": {"ip": HOST, "port": internal["milvus_query_coord"]},
            "dataNode": {"ip": HOST, "port": internal["milvus_data_node"]},
            "queryNode": {"ip": HOST, "port": internal["milvus_query_node"]},
            "indexNode": {"ip": HOST, "port": internal["milvus_index_node"]},
        }

    def _etcd_settings(self) -> dict[str, Any]:
        client = f"http://{HOST}:{self._etcd_port}"
        peer = f"http://{HOST}:{self._etcd_peer_port}"
        return {
            "name": "default",
            "data-dir": str(self.places.state / "etcd"),
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
            "log-level": "warn",
        }


def _write(path: Path, settings: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    path.write_text(json.dumps(settings, indent=2))


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PROBE_WAIT_S) as answer:
        return bytes(answer.read())
