"""Check helm/concierge: `helm lint --strict`, and every manifest against Kubernetes' schemas.

Usage: python -m infra.build.chart [snapshot]

Rendered with the defaults and with each file of helm/concierge/ci, for the oldest Kubernetes that
the chart takes and for the newest one known. A kind without a schema fails. `snapshot` writes what
the defaults render to where tests/unit/infra/test_chart.py compares it, for a change that is meant.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from infra.build.helm import fetched
from infra.local.server import StackError

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "concierge"
# The least of Chart.yaml's kubeVersion, and the newest that kubernetes-validate has.
KUBERNETES = ("1.27.0", "1.37.0")
VALIDATE = Path(sys.executable).with_name("kubernetes-validate")
SNAPSHOT = ROOT / "tests" / "unit" / "infra" / "chart_defaults.yaml"
NO_SCHEMA = "Couldn't find schema"


def render(helm: Path, values: Path | None = None, *, kubernetes: str = KUBERNETES[0]) -> str:
    """Return the chart's manifests with these values over the defaults.

    Raises:
        CalledProcessError: Values or templates are wrong; helm has said why.
    """
    arguments = ["--values", str(values)] if values else []
    return subprocess.run(
        [helm, "template", "concierge", CHART, "--kube-version", kubernetes, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def lints(helm: Path, values: Path | None) -> bool:
    """Return whether helm has nothing to say against the chart with these values."""
    arguments = ["--values", str(values)] if values else []
    return subprocess.run([helm, "lint", "--strict", "--quiet", CHART, *arguments]).returncode == 0


def validates(manifests: str, *, kubernetes: str) -> bool:
    """Return whether Kubernetes knows every kind and every field."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(manifests)
        file.flush()
        done = subprocess.run(
            [VALIDATE, "--strict", "-k", kubernetes, file.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    passed = done.returncode == 0 and NO_SCHEMA not in done.stdout
    if not passed:
        print(done.stdout.replace(file.name, "manifest"))
    return passed


def main() -> int:
    """Check the chart with every set of values; return 1 when something is wrong."""
    failed = False
    try:
        helm = fetched()
        if sys.argv[1:] == ["snapshot"]:
            SNAPSHOT.write_text(render(helm), encoding="utf-8")
            return 0
        for values in (None, *sorted((CHART / "ci").glob("*.yaml"))):
            name = values.name if values else "defaults"
            good = lints(helm, values)
            for kubernetes in KUBERNETES:
                manifests = render(helm, values, kubernetes=kubernetes)
                good = validates(manifests, kubernetes=kubernetes) and good
            print(f"chart with {name}: {'good' if good else 'wrong'}")
            failed = failed or not good
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        return 1
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
