"""Check that each service imports with its own extra alone, as its image installs it.

Usage: python infra/build/extras.py UV

A service's extra is named like its package, with hyphens. Each is installed without the dev tools
into .cache/extras, one after the other, and every module of the service is imported there. The
command line can start the embedded deployment, so it is imported with that; what sets a cluster up
does without.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".cache" / "extras"
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
    if not module.name.endswith(".__main__"):  # that one would run the service
        importlib.import_module(module.name)
"""


def packages() -> dict[str, str]:
    """Return the extra by package of every service that exists, and of the setup's image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    by_package = {
        f"services.{extra.replace('-', '_')}": extra for extra in project["optional-dependencies"]
    }
    by_package["services.cli"] = "embedded"
    services = {
        package: extra
        for package, extra in by_package.items()
        if (ROOT / package.replace(".", "/") / "__init__.py").exists()
    }
    return services | {"services.cli.main": "cluster"}


def imports(uv: str, package: str, extra: str) -> bool:
    """Return whether the package imports with nothing but the extra installed."""
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)}
    subprocess.run(
        [uv, "sync", "--quiet", "--frozen", "--no-dev", "--extra", extra],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    python = ENVIRONMENT / "bin" / "python"
    done = subprocess.run(
        [python, "-c", IMPORT_ALL, package], cwd=ROOT, capture_output=True, text=True
    )
    print(f"{package}: {'imports' if done.returncode == 0 else 'does not import'} with [{extra}]")
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
    return done.returncode == 0


def main() -> int:
    """Check every service; return 1 when one does not import."""
    _, uv = sys.argv
    failed = [package for package, extra in packages().items() if not imports(uv, package, extra)]
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
