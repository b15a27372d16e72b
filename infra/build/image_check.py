"""Build one service's image, boot it and stop it, as a cluster would.

Usage: python -m infra.build.image_check SERVICE [--where-possible]

With `--where-possible` a machine that cannot run containers at all is told of, and is no failure.
For a service that starts without other servers: answering. The Dockerfile is the shipped one. The
machine's own ways to packages (network, certificates, pip's configuration) are lent to the build.
What is missing is installed where this is Debian and we are root; where the Dockerfile's base
cannot be pulled, one like it is made of Debian's packages.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.downloads import run, say
from infra.local.server import StackError
from services.platform.probe import serves
from services.platform.settings import RpcSettings

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "images"
DOCKERFILE = ROOT / "infra" / "docker" / "Dockerfile"
# The Dockerfile's user, and its default for PYTHON_IMAGE.
USER = 10001
OFFICIAL = "docker.io/library/python:3.11-slim-bookworm"
MADE = "localhost/concierge-python:3.11-bookworm"
PROGRAMS = ("podman", "runc", "mmdebstrap")
# runc and cgroupfs need no systemd; the limits are below what an unprivileged machine may set.
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
START_WAIT_S = 60.0
PULL_WAIT_S = 120.0
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Where pip may have its configuration; the first one found is lent.
PIP_CONFIGURATIONS = (
    Path.home() / ".config" / "pip" / "pip.conf",
    Path.home() / ".pip" / "pip.conf",
    Path("/etc/pip.conf"),
)


def install_programs() -> None:
    """Install what is missing with apt.

    Raises:
        StackError: This is no Debian, or we are not root.
    """
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise StackError(f"install {', '.join(missing)}, or run this as root on Debian")
    say(f"installing {', '.join(missing)}")
    run(["apt-get", "update", "--quiet"])
    run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing])


def podman(*arguments: str) -> str:
    """Run podman to its end; return what it printed.

    Raises:
        StackError: It failed.
    """
    return run(["podman", *arguments], env={"CONTAINERS_CONF": str(CACHE / "containers.conf")})


def base_image() -> str:
    """Return the Dockerfile's base image, or the name of one made here."""
    if _is_there(OFFICIAL) or _pulled(OFFICIAL):
        return OFFICIAL
    if not _is_there(MADE):
        say(f"{OFFICIAL} cannot be pulled: making a base of Debian's packages")
        _make_base()
    return MADE


def _is_there(image: str) -> bool:
    try:
        podman("image", "exists", image)
    except StackError:
        return False
    return True


def _pulled(image: str) -> bool:
    try:
        run(["timeout", f"{PULL_WAIT_S:g}", "podman", "pull", "--quiet", image])
    except StackError:
        return False
    return True


def _make_base() -> None:
    archive = CACHE / "base.tar"
    run(
        [
            "mmdebstrap",
            "--variant=minbase",
            "--include=ca-certificates,python3,python3-pip,python-is-python3",
            # As in the official image, pip may install into the system.
            '--customize-hook=rm "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "bookworm",
            str(archive),
        ]
    )
    podman("import", "--quiet", str(archive), MADE)
    archive.unlink()


def build(service: str, base: str) -> str:
    """Build a service's image on a base image; return its name."""
    image = f"localhost/concierge-{service}:check"
    lent = [(CERTIFICATES, CERTIFICATES)]
    lent += [(path, Path("/etc/pip.conf")) for path in PIP_CONFIGURATIONS if path.exists()][:1]
    volumes = [f"--volume={path}:{at}:ro" for path, at in lent if path.exists()]
    podman(
        "build",
        "--quiet",
        "--network=host",
        "--layers=false",  # nothing is left behind but the image
        f"--build-arg=PYTHON_IMAGE={base}",
        f"--build-arg=SERVICE={service}",
        f"--file={DOCKERFILE}",
        f"--tag={image}",
        *volumes,
        str(ROOT),
    )
    return image


@contextmanager
def running(service: str, image: str, address: str) -> Iterator[str]:
    """Run the image as strictly as the chart does; yield the container's id."""
    variable = f"{service.replace('-', '_').upper()}_ADDRESS"
    container = podman(
        "run",
        "--detach",
        "--network=host",
        "--read-only",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        f"--env={variable}={address}",
        image,
    ).strip()
    try:
        yield container
    finally:
        podman("rm", "--force", container)


def inspect(container: str, field: str) -> str:
    """Return one field of a container's state."""
    return podman("inspect", "--format", f"{{{{.State.{field}}}}}", container).strip()


def check(service: str, image: str) -> None:
    """Boot the image, ask for its health, stop it.

    Raises:
        StackError: It is not as it should be.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with running(service, image, address) as container:
        until = time.monotonic() + START_WAIT_S
        while not serves(address):
            if inspect(container, "Status") != "running" or time.monotonic() > until:
                raise StackError(f"it does not serve:\n{podman('logs', container)[-3000:]}")
            time.sleep(0.2)
        podman("exec", container, "python", "-m", "services.platform.probe", address)
        user = Path("/proc", inspect(container, "Pid")).stat().st_uid
        if user != USER:
            raise StackError(f"it runs as user {user}, not {USER}")
        grace_s = RpcSettings().grace_s
        start = time.monotonic()
        podman("stop", f"--time={grace_s:g}", container)
        code = inspect(container, "ExitCode")
        if code != "0":
            raise StackError(f"it ended with {code} within {grace_s:g} s of SIGTERM, not with 0")
        say(f"it serves as user {user} and ended {time.monotonic() - start:.1f} s after SIGTERM")


def ready_base() -> str:
    """Return the base image on a machine that has shown that it runs containers.

    Raises:
        StackError: It cannot.
    """
    install_programs()
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "containers.conf").write_text(CONFIGURATION)
    base = base_image()
    podman("run", "--rm", "--network=host", base, "true")
    return base


def main() -> int:
    """Check one service's image; return 1 when something is wrong."""
    service, *where_possible = sys.argv[1:]
    try:
        base = ready_base()
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        print("THE IMAGE WAS NOT TESTED: no container runs on this machine", file=sys.stderr)
        return 0 if where_possible == ["--where-possible"] else 1
    try:
        say(f"building {service} on {base}")
        image = build(service, base)
        try:
            check(service, image)
        finally:
            podman("rmi", "--force", image)
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
