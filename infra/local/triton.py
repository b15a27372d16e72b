"""Triton from its PyPI wheel: the whole server with the python backend, on the CPU.

`nvidia-pytriton` carries tritonserver. It gets an environment of its own, because it holds numpy
below 2, with what the models' code imports besides, in the versions that serve in process.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from infra.local import downloads
from infra.local.server import HOST, ROOT, Command, Places, StackError, port_of

WHEEL = "nvidia-pytriton==0.7.0"
# What folding, cutting and the vocabulary need; their versions decide what a vector is.
SHARED = ("opencc", "pyahocorasick", "pystemmer", "pyyaml", "rjieba")
MODELS = ROOT / "infra" / "triton" / "models"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class Triton:
    """Triton with the models of infra/triton/models/."""

    name = "triton"
    # The models load their packages on a machine that starts other servers too.
    start_wait_s = 120.0
    stop_signal = signal.SIGTERM
    stop_wait_s = 15.0

    def __init__(
        self, *, places: Places | None = None, ports: tuple[int, int, int] | None = None
    ) -> None:
        self.places = places or Places.of(self.name)
        # gRPC, HTTP and metrics.
        self._grpc_port, self._http_port, self._metrics_port = ports or (
            port_of("triton", 8001),
            port_of("triton_http", 8000),
            port_of("triton_metrics", 8002),
        )

    def endpoint(self) -> tuple[str, str]:
        """Return the gRPC door."""
        return "CONCIERGE_TEST_TRITON", f"{HOST}:{self._grpc_port}"

    def fetch(self) -> None:
        """Make the environment: about 120 MB from PyPI, 330 MB installed."""
        requirements = _requirements()
        with downloads.filling(self._environment()) as folder:
            if folder is None:
                return
            downloads.say(f"{self.name}: installing {WHEEL} (120 MB)")
            uv = downloads.uv()
            downloads.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
            python = str(folder / "bin" / "python")
            downloads.run([uv, "pip", "install", "--quiet", "--python", python, *requirements])
            server = folder / _SERVER
            stub = server / "python_backend_stubs" / PYTHON / _STUB
            if not stub.exists():
                raise StackError(f"{WHEEL} has no python backend for Python {PYTHON}")
            # Beside the backend's library: from there it is found, and its own libraries are.
            shutil.copy(stub, server / "backends" / "python" / _STUB)

    def prepare(self) -> Command:
        """Return how to start; the shared memory of a killed server is given back first."""
        self.free_shared_memory()
        environment = self._environment()
        server = environment / _SERVER
        flags = {
            "model-repository": MODELS,
            "backend-directory": server / "backends",
            "backend-config": f"python,shm-region-prefix-name={self._shared_memory}",
            "grpc-address": HOST,
            "grpc-port": self._grpc_port,
            "http-address": HOST,
            "http-port": self._http_port,
            "metrics-address": HOST,
            "metrics-port": self._metrics_port,
            "allow-gpu-metrics": "false",
            # Open streams end by themselves before that, or are ended.
            "exit-timeout-secs": int(self.stop_wait_s) - 5,
        }
        return Command(
            argv=(
                str(server / "bin" / "tritonserver"),
                "--disable-auto-complete-config",
                *(f"--{flag}={value}" for flag, value in flags.items()),
            ),
            env={
                "LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR")),
                "CONCIERGE_TRITON_PATH": os.pathsep.join([str(environment / _PACKAGES), str(ROOT)]),
            },
        )

    def is_ready(self) -> bool:
        """Tell whether every model is ready."""
        connection = http.client.HTTPConnection(HOST, self._http_port, timeout=1.0)
        try:
            connection.request("GET", "/v2/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def free_shared_memory(self) -> None:
        """Remove what a server on these ports left behind when it was killed."""
        for left in Path("/dev/shm").glob(f"{self._shared_memory}*"):
            left.unlink(missing_ok=True)

    @property
    def _shared_memory(self) -> str:
        return f"concierge_triton_{self._grpc_port}_"

    def _environment(self) -> Path:
        digest = hashlib.sha256("\n".join([PYTHON, *_requirements()]).encode()).hexdigest()
        return self.places.cache / f"triton-{digest[:12]}"


_PACKAGES = Path("lib") / f"python{PYTHON}" / "site-packages"
_SERVER = _PACKAGES / "pytriton" / "tritonserver"
_STUB = "triton_python_backend_stub"


def _requirements() -> Sequence[str]:
    return [WHEEL, *(f"{name}=={version(name)}" for name in SHARED)]
