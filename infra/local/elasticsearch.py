"""Elasticsearch, one node: the official server without its optional modules, from Maven."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import urllib.error
import urllib.request
from pathlib import Path

from infra.local.account import account
from infra.local.downloads import MAVEN_PLUGIN, filling, program, run, say
from infra.local.java import java_home
from infra.local.server import HOST, Command, Places, port_of

VERSION = "9.2.0"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
LEAST_JAVA = 21
HEAP = "1g"


class Elasticsearch:
    """`Server` of the keyword index.

    It refuses root, so root starts it as the account `concierge-stack`, which is made if need be.

    Args:
        name: Names the state folder.
        port: For clients; `CONCIERGE_STACK_ELASTICSEARCH_PORT`, else 9200.
        transport_port: Between nodes; `CONCIERGE_STACK_ELASTICSEARCH_TRANSPORT_PORT`, else 9300.
        password: Of the user `elastic`; empty, as by default, asks nobody who they are.
    """

    start_wait_s = 240.0
    stop_signal = signal.SIGTERM
    stop_wait_s = 30.0

    def __init__(
        self,
        name: str = "elasticsearch",
        *,
        port: int | None = None,
        transport_port: int | None = None,
        password: str = "",
    ) -> None:
        self.name = name
        self.places = Places.of(name)
        self._port = port or port_of("elasticsearch", 9200)
        self._transport_port = transport_port or port_of("elasticsearch_transport", 9300)
        self._password = password
        self._home = self.places.cache / f"elasticsearch-{VERSION}"

    def endpoint(self) -> tuple[str, str]:
        """Return the variable that tests read, and its value."""
        return "CONCIERGE_TEST_ELASTICSEARCH", f"http://{HOST}:{self._port}"

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
        if self._password:
            self._keep_password(config, env)
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
        if self._password:
            said = base64.b64encode(f"elastic:{self._password}".encode()).decode()
            request.add_header("Authorization", f"Basic {said}")
        try:
            with urllib.request.urlopen(request, timeout=1.0) as response:
                return bool(json.load(response)["status"] in ("yellow", "green"))
        except (OSError, ValueError, urllib.error.URLError):
            return False

    def _settings(self) -> dict[str, object]:
        return {
            "cluster.name": "concierge",
            "node.name": self.name,
            "discovery.type": "single-node",
            "network.host": HOST,
            "http.port": self._port,
            "transport.port": self._transport_port,
            "path.data": str(self.places.state / "data"),
            "path.logs": str(self.places.state / "logs"),
            "xpack.security.enabled": bool(self._password),
            # A nearly full disk of a developer must not make indexes read-only.
            "cluster.routing.allocation.disk.threshold_enabled": False,
        }

    def _keep_password(self, config: Path, env: dict[str, str]) -> None:
        """Put the password where the server looks for it at its first start."""
        if (config / "elasticsearch.keystore").exists():
            return
        keystore = str(self._home / "bin" / "elasticsearch-keystore")
        run([keystore, "create"], env=env)
        run([keystore, "add", "-x", "bootstrap.password"], env=env, text=self._password)
