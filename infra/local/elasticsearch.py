"""Elasticsearch, one node: the official server without its optional modules, from Maven."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import ssl
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from infra.local.account import account
from infra.local.downloads import MAVEN_PLUGIN, filling, program, run, say
from infra.local.java import java_home
from infra.local.server import HOST, Command, Places, port_of

VERSION = "9.2.0"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
LEAST_JAVA = 21
HEAP = "1g"


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may talk to it, and how.

    Attributes:
        password: Of the user `elastic`.
        certificate, key: PEM files for HTTPS.
        authority: PEM file of who signed the certificate.
    """

    password: str
    certificate: Path
    key: Path
    authority: Path


class Elasticsearch:
    """`Server` of the keyword index.

    It refuses root, so root starts it as the account `concierge-stack`, which is made if need be.
    Killed, it starts again with all that it acknowledged.

    Args:
        places: Where its files lie; the stack's own when `None`.
        port: For clients; the port between nodes is the next. The stack's own when `None`:
            `CONCIERGE_STACK_ELASTICSEARCH_PORT`, else 9200, and
            `CONCIERGE_STACK_ELASTICSEARCH_TRANSPORT_PORT`, else 9300.
        guard: HTTPS and a password; without it anybody on this machine may talk to it.
    """

    name = "elasticsearch"
    start_wait_s = 300.0
    stop_signal = signal.SIGTERM
    stop_wait_s = 30.0

    def __init__(
        self, places: Places | None = None, port: int | None = None, *, guard: Guard | None = None
    ) -> None:
        self.places = places or Places.of(self.name)
        if port is None:
            self._port = port_of("elasticsearch", 9200)
            self._transport_port = port_of("elasticsearch_transport", 9300)
        else:
            self._port, self._transport_port = port, port + 1
        self._guard = guard
        self._home = self.places.cache / f"elasticsearch-{VERSION}"

    def endpoint(self) -> tuple[str, str]:
        """Return the variable that tests read, and its value."""
        scheme = "https" if self._guard else "http"
        return "CONCIERGE_TEST_ELASTICSEARCH", f"{scheme}://{HOST}:{self._port}"

    def fetch(self) -> None:
        """Bring the distribution into the cache."""
        with filling(self._home) as folder:
            if folder is None:
                return
            mvn = program("mvn", "fetch Elasticsearch")
            say(f"elasticsearch: fetching {VERSION}, about 90 MB")
            # -C: a wrong checksum is an error.
            goal = (f"{MAVEN_PLUGIN}:copy", f"-Dartifact={ARTIFACT}")
            run([mvn, "-q", "-B", "-C", *goal, f"-DoutputDirectory={folder}"])
            archive = folder / f"elasticsearch-{VERSION}.zip"
            shutil.unpack_archive(archive, folder)
            archive.unlink()
            unpacked = folder / f"elasticsearch-{VERSION}"
            for part in unpacked.iterdir():
                part.rename(folder / part.name)
            unpacked.rmdir()
            # Python's unzip leaves out which files are programs.
            for script in (folder / "bin").iterdir():
                script.chmod(0o755)

    def prepare(self) -> Command:
        """Write the configuration and return how to start."""
        state = self.places.state
        config = state / "config"
        shutil.copytree(self._home / "config", config, dirs_exist_ok=True)
        (config / "elasticsearch.yml").write_text(json.dumps(self._settings(), indent=2))
        (state / "tmp").mkdir(exist_ok=True)
        env = {
            "ES_PATH_CONF": str(config),
            "ES_TMPDIR": str(state / "tmp"),
            "ES_JAVA_HOME": str(java_home(LEAST_JAVA, variable="ES_JAVA_HOME")),
            "ES_JAVA_OPTS": "-Xms{0} -Xmx{0}".format(
                os.environ.get("CONCIERGE_STACK_ELASTICSEARCH_HEAP") or HEAP
            ),
        }
        if self._guard:
            # It would try for ever to keep roles in an index that this build cannot make. And it
            # starts with half the work, at the price of slower code: a guarded one is for tests.
            env["ES_JAVA_OPTS"] += (
                " -Des.queryable_built_in_roles_enabled=false -XX:TieredStopAtLevel=1"
            )
            self._set_guard(self._guard, config, env)
        return Command(
            (str(self._home / "bin" / "elasticsearch"),),
            env=env,
            user=account(state, self._home),
        )

    def is_ready(self) -> bool:
        """Tell whether the cluster can answer searches."""
        request = urllib.request.Request(
            f"{self.endpoint()[1]}/_cluster/health?wait_for_status=yellow&timeout=500ms"
        )
        tls = None
        if self._guard:
            said = base64.b64encode(f"elastic:{self._guard.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {said}")
            tls = ssl.create_default_context(cafile=str(self._guard.authority))
        try:
            with urllib.request.urlopen(request, timeout=1.0, context=tls) as response:
                return bool(json.load(response)["status"] in ("yellow", "green"))
        except (OSError, ValueError):
            return False

    def _settings(self) -> dict[str, object]:
        settings: dict[str, object] = {
            "cluster.name": "concierge",
            "node.name": self.name,
            "discovery.type": "single-node",
            "network.host": HOST,
            "http.port": self._port,
            "transport.port": self._transport_port,
            "path.data": str(self.places.state / "data"),
            "path.logs": str(self.places.state / "logs"),
            "xpack.security.enabled": self._guard is not None,
            # A nearly full disk of a developer must not make indexes read-only.
            "cluster.routing.allocation.disk.threshold_enabled": False,
        }
        if self._guard:
            settings |= {
                "xpack.security.http.ssl.enabled": True,
                "xpack.security.http.ssl.certificate": "http.pem",
                "xpack.security.http.ssl.key": "http.key",
            }
        return settings

    def _set_guard(self, guard: Guard, config: Path, env: dict[str, str]) -> None:
        """Put certificate and password where the server looks for them at its first start."""
        shutil.copyfile(guard.certificate, config / "http.pem")
        shutil.copyfile(guard.key, config / "http.key")
        if (config / "elasticsearch.keystore").exists():
            return
        keystore = str(self._home / "bin" / "elasticsearch-keystore")
        run([keystore, "create"], env=env)
        run([keystore, "add", "-x", "bootstrap.password"], env=env, text=guard.password)
