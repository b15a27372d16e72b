"""Generate the Python stubs of protos/ into protos/gen, when something changed.

The google/type and google/rpc files come from the installed googleapis-common-protos package.
buf finds them as a second module in .cache/googleapis.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import google.rpc
import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "protos"
TARGET = SOURCES / "gen"
GOOGLEAPIS = ROOT / ".cache" / "googleapis"


def digest(files: list[Path]) -> str:
    """Return one hash over the names and contents of the files."""
    total = hashlib.sha256()
    for file in files:
        total.update(str(file.relative_to(ROOT)).encode())
        total.update(file.read_bytes())
    total.update(Path(__file__).read_bytes())
    return total.hexdigest()


def copy_googleapis() -> Path:
    """Copy the shipped google/type and google/rpc protos to where buf looks for them."""
    shipped = Path(next(iter(google.rpc.__path__))).parent
    for area in ("type", "rpc"):
        for file in (shipped / area).glob("*.proto"):
            target = GOOGLEAPIS / "google" / area / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != file.read_bytes():
                shutil.copyfile(file, target)
    return GOOGLEAPIS


def main() -> int:
    """Generate; return protoc's exit code."""
    googleapis = copy_googleapis()
    files = sorted((SOURCES / "concierge").rglob("*.proto"))
    stamp, now = TARGET / ".stamp", digest(files)
    if stamp.exists() and stamp.read_text() == now:
        return 0
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    builtin = Path(next(iter(grpc_tools.__path__))) / "_proto"
    plugins = Path(sys.executable).parent
    code = protoc.main(
        [
            "protoc",
            f"-I{SOURCES}",
            f"-I{googleapis}",
            f"-I{builtin}",
            f"--plugin=protoc-gen-mypy={plugins / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={plugins / 'protoc-gen-mypy_grpc'}",
            f"--python_out={TARGET}",
            f"--grpc_python_out={TARGET}",
            f"--mypy_out=quiet:{TARGET}",
            f"--mypy_grpc_out=quiet:{TARGET}",
            *(str(file) for file in files),
        ]
    )
    if code == 0:
        for folder in {
            parent
            for file in TARGET.rglob("*.py")
            for parent in file.parents
            if TARGET in parent.parents
        }:
            (folder / "__init__.py").touch()
        (TARGET / "concierge" / "py.typed").touch()
        stamp.write_text(now)
        print(f"generated stubs of {len(files)} files into {TARGET.relative_to(ROOT)}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
