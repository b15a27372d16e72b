"""Generate the Python stubs of protos/ into protos/gen, when something changed.

The google/type and google/rpc files come from the installed googleapis-common-protos package:
buf finds them as a second module in .cache/googleapis, and mypy finds type stubs for them in
protos/gen/.typings, because that package ships none.

Generated files are moved into place one by one, so that a program which is running meanwhile
always finds a whole set.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import google.rpc
import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "protos"
TARGET = SOURCES / "gen"
CACHE = ROOT / ".cache"
GOOGLEAPIS = CACHE / "googleapis"
SHIPPED = Path(next(iter(google.rpc.__path__))).parent
BUILTIN = Path(next(iter(grpc_tools.__path__))) / "_proto"


def digest(files: Iterable[Path]) -> str:
    """Return one hash over the names and contents of the files."""
    total = hashlib.sha256()
    for file in files:
        total.update(str(file).encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def put(content: bytes, target: Path) -> None:
    """Write the file at once, unless it has this content already."""
    if target.exists() and target.read_bytes() == content:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(target)


def mirror(source: Path, target: Path) -> None:
    """Make the target folder hold the source's files and no others."""
    for file in source.rglob("*"):
        if file.is_file():
            put(file.read_bytes(), target / file.relative_to(source))
    for file in target.rglob("*"):
        generated = file.is_file() and "__pycache__" not in file.parts
        if generated and not (source / file.relative_to(target)).exists():
            file.unlink()
    for folder in sorted(target.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def copy_googleapis() -> list[Path]:
    """Copy the shipped google/type and google/rpc protos to where buf looks for them."""
    copies = []
    for area in ("type", "rpc"):
        for file in sorted((SHIPPED / area).glob("*.proto")):
            copies.append(GOOGLEAPIS / "google" / area / file.name)
            put(file.read_bytes(), copies[-1])
    return copies


def compile_protos(files: Iterable[Path], *outputs: str) -> None:
    """Run protoc over the files.

    Raises:
        SystemExit: protoc refused them; it has printed why.
    """
    plugins = Path(sys.executable).parent
    code = protoc.main(
        [
            "protoc",
            f"-I{SOURCES}",
            f"-I{GOOGLEAPIS}",
            f"-I{BUILTIN}",
            f"--plugin=protoc-gen-mypy={plugins / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={plugins / 'protoc-gen-mypy_grpc'}",
            *outputs,
            *(str(file) for file in files),
        ]
    )
    if code:
        raise SystemExit(int(code))


def generate(contracts: list[Path], googleapis: list[Path], target: Path) -> None:
    """Generate stubs and types for our contracts, types alone for Google's."""
    compile_protos(
        contracts,
        f"--python_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_out=quiet:{target}",
        f"--mypy_grpc_out=quiet:{target}",
    )
    packages = {file.parent for file in target.rglob("*.py")}
    packages |= {folder for package in packages for folder in package.parents}
    for folder in packages:
        if target in folder.parents:
            (folder / "__init__.py").touch()
    (target / "concierge" / "py.typed").touch()
    typings = target / ".typings"
    typings.mkdir()
    compile_protos(googleapis, f"--mypy_out=quiet:{typings}")


def main() -> None:
    """Generate, unless the stamp says that nothing changed."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "protos.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        googleapis = copy_googleapis()
        contracts = sorted((SOURCES / "concierge").rglob("*.proto"))
        now = digest([*contracts, *googleapis, ROOT / "uv.lock", Path(__file__)])
        stamp = TARGET / ".stamp"
        if stamp.exists() and stamp.read_text() == now:
            return
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            fresh = Path(folder)
            generate(contracts, googleapis, fresh)
            mirror(fresh, TARGET)  # drops the old stamp; the new one comes last
            put(now.encode(), stamp)
        print(f"generated the stubs of {len(contracts)} files into {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
