"""Compare the contracts with those of earlier commits: nobody's client may break.

Usage: python infra/build/breaking.py [REVISION]

The working tree is compared with REVISION, or, without one, with HEAD and with what main had
before: on main the commit before HEAD, on a branch the commit where it left main. A commit without
contracts has nothing to break.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
GOOGLEAPIS = CACHE / "googleapis"
BUF = Path(sys.executable).parent / "buf"


def git(*arguments: str) -> str | None:
    """Return what git prints, or None where what was asked for does not exist."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 128 and done.stderr:
        raise SystemExit(done.stderr.strip())
    return done.stdout.strip() if done.returncode == 0 else None


def commit(revision: str) -> str | None:
    """Return the commit's id, or None where there is no such commit."""
    return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")


def bases() -> list[str]:
    """Return the commits to compare the working tree with, without repetition."""
    head = commit("HEAD")
    if head is None:
        return []
    main = commit("main") or commit("origin/main")
    before = git("merge-base", "HEAD", main) if main else None
    if before in (None, head):
        before = commit("HEAD~1")
    return [base for base in (before, head) if base]


def unpack(revision: str, target: Path) -> bool:
    """Unpack the revision's contracts as buf expects them; return whether it has any."""
    if not git("ls-tree", "-r", "--name-only", revision, "--", "protos/concierge"):
        return False
    packed = subprocess.run(
        ["git", "archive", "--format=zip", revision, "protos"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with zipfile.ZipFile(io.BytesIO(packed.stdout)) as archive:
        archive.extractall(target)
    shutil.copyfile(ROOT / "buf.yaml", target / "buf.yaml")
    shutil.copytree(GOOGLEAPIS, target / GOOGLEAPIS.relative_to(ROOT))
    return True


def breaks(revision: str) -> bool:
    """Return whether the working tree breaks the revision's contracts; buf prints how."""
    name = git("log", "-1", "--format=%h %s", revision)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        if not unpack(revision, Path(folder)):
            print(f"no contracts in {name}: nothing to break")
            return False
        print(f"contracts against {name}", flush=True)
        return subprocess.run([BUF, "breaking", "--against", folder], cwd=ROOT).returncode != 0


def main() -> int:
    """Compare with every base; return 1 when one is broken."""
    revisions = sys.argv[1:]
    for revision in revisions:
        if commit(revision) is None:
            print(f"no such commit: {revision}", file=sys.stderr)
            return 2
    compared = revisions or bases()
    if not compared:
        print("no commit to compare the contracts with")
    broken = [revision for revision in compared if breaks(revision)]
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
