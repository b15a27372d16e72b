"""`helm/concierge`: what it renders and what it refuses. `make chart` fetches helm."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from infra.build import chart, chart_schema
from infra.build.helm import found
from services.cli.admin import AdminSettings
from services.cli.serve import Service

VALUES: dict[str, Any] = yaml.safe_load((chart.CHART / "values.yaml").read_text(encoding="utf-8"))
SECURED = chart.CHART / "ci" / "secured-values.yaml"
# What a Secret would hold, by the end of the setting's name.
SECRETS = {"URL": "redis://user:pass@redis:6379/0"}


@pytest.fixture(scope="module")
def helm() -> Path:
    helm = found()
    if helm is None:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail("CI checks the chart: `make chart` fetches helm", pytrace=False)
        pytest.skip("no helm; `make chart` fetches it")
    return helm


@lru_cache(maxsize=2)
def rendered(helm: Path, values: Path | None = None) -> list[dict[str, Any]]:
    """Return the manifests; tests share them and change nothing."""
    return [manifest for manifest in yaml.safe_load_all(chart.render(helm, values)) if manifest]


def workloads(manifests: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the component and the pod template of every deployment and job."""
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job"):
            component = manifest["metadata"]["labels"]["app.kubernetes.io/component"]
            yield component, manifest["spec"]["template"]


def environment(template: dict[str, Any]) -> dict[str, str]:
    """Return a container's environment, with a made-up value where it comes from a Secret."""
    (container,) = template["spec"]["containers"]
    return {
        entry["name"]: entry["value"]
        if "value" in entry
        else SECRETS.get(entry["name"].rpartition("_")[2], "a-secret")
        for entry in container["env"]
    }


def settings_of(component: str) -> type[BaseSettings]:
    if component == "setup":
        return AdminSettings
    return Service(component.removesuffix("-workers")).settings()


def test_the_schema_is_that_of_the_settings() -> None:
    current = chart_schema.FILE.read_text(encoding="utf-8") == chart_schema.text()
    assert current, "settings changed: python -m infra.build.chart_schema"


def test_every_service_and_the_workers_are_there() -> None:
    assert set(VALUES["services"]) == {*(service.value for service in Service), "ingestion-workers"}


def test_the_defaults_render_as_they_did(helm: Path) -> None:
    same = chart.render(helm) == chart.SNAPSHOT.read_text(encoding="utf-8")
    assert same, "if meant: python -m infra.build.chart snapshot, and read the difference"


@pytest.mark.parametrize("values", [None, SECURED], ids=["defaults", "secured"])
def test_every_process_takes_its_environment(
    helm: Path, values: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for component, template in workloads(rendered(helm, values)):
        kind = settings_of(component)
        known = {name for name, _ in chart_schema.settings_of(kind, chart_schema.prefix_of(kind))}
        with monkeypatch.context() as process:
            for name, value in environment(template).items():
                assert name in known or name.startswith("OTEL_"), f"{component} has no {name}"
                process.setenv(name, value)
            kind()


def test_what_is_shared_reaches_all_that_use_it(helm: Path) -> None:
    pods = dict(workloads(rendered(helm, SECURED)))
    assert environment(pods["vector-retrieval"])["VECTOR_RETRIEVAL_EMBEDDER__DIMENSION"] == "384"
    assert environment(pods["setup"])["ADMIN_EMBEDDER__DIMENSION"] == "384"
    hosts = environment(pods["keyword-search"])["KEYWORD_SEARCH_ELASTICSEARCH__HOSTS"]
    assert json.loads(hosts) == ["https://es-0.search:9200", "https://es-1.search:9200"]
    assert environment(pods["ingestion-workers"])["INGESTION_SPOOL_DIR"] == "/spool"


def test_numbers_keep_their_digits(helm: Path) -> None:
    pods = dict(workloads(rendered(helm, SECURED)))
    ranking = environment(pods["ranking"])
    assert ranking["RANKING_RPC__MAX_REQUEST_BYTES"] == "67108864"
    assert float(ranking["RANKING_WEIGHTS__KEYWORD"]) == 0.000001


def test_pods_meet_the_restricted_standard(helm: Path) -> None:
    for component, template in workloads(rendered(helm)):
        pod = template["spec"]
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False, component
        assert pod["securityContext"]["runAsNonRoot"] is True, component
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, component
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, component


def test_services_and_deployments_find_their_pods(helm: Path) -> None:
    manifests = rendered(helm)
    pods = dict(workloads(manifests))
    for manifest in manifests:
        if manifest["kind"] not in ("Deployment", "Service"):
            continue
        component = manifest["metadata"]["labels"]["app.kubernetes.io/component"]
        labels = pods[component]["metadata"]["labels"]
        selector = manifest["spec"]["selector"]
        assert selector.get("matchLabels", selector) == labels
        if manifest["kind"] == "Service":
            (container,) = pods[component]["spec"]["containers"]
            ports = {port["name"] for port in container["ports"]}
            assert {port["targetPort"] for port in manifest["spec"]["ports"]} == ports


def test_every_image_is_one_that_make_builds(helm: Path) -> None:
    makefile = (chart.ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (built,) = re.findall(r"^IMAGES := (.*)$", makefile, re.MULTILINE)
    images = {pod["spec"]["containers"][0]["image"] for _, pod in workloads(rendered(helm))}
    assert {image.partition(":")[0] for image in images} == {
        f"concierge-{service}" for service in built.split()
    }


def test_gateways_call_services_that_exist(helm: Path) -> None:
    manifests = rendered(helm)
    names = {item["metadata"]["name"] for item in manifests if item["kind"] == "Service"}
    gateway = environment(dict(workloads(manifests))["gateway"])
    for target in ("GATEWAY_ANSWERING_TARGET", "GATEWAY_KEYWORD_SEARCH_TARGET"):
        host, _, port = gateway[target].partition(":")
        assert host in names
        assert port == "50051"


def refusal(helm: Path, *changes: str) -> str:
    """Return what helm says against the defaults with these changes."""
    sets = [argument for change in changes for argument in ("--set", change)]
    done = subprocess.run(
        [helm, "template", "concierge", chart.CHART, "--kube-version", "1.30.0", *sets],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    return done.stderr


def test_what_cannot_be_meant_is_refused_by_name(helm: Path) -> None:
    # What helm's versions say around the names differs.
    named_by_change = {
        "sevrices.gateway.replicas=3": "sevrices",
        "services.gateway.replcas=3": "replcas",
        "services.geocoding.replicas=many": "services.geocoding.replicas",
        "services.ranking.settings.RANKING_RERANK__DEPHT=50": "RANKING_RERANK__DEPHT",
        "services.ranking.settings.GATEWAY_RANK_DEPTH=50": "GATEWAY_RANK_DEPTH",
        "services.ranking.settings.RANKING_RERANK__DEPTH=0": "RANKING_RERANK__DEPTH",
        "services.ranking.settings.RANKING_FUSION=sum": "services.ranking.settings.RANKING_FUSION",
        "services.ranking.uses={kafak}": "services.ranking.uses",
        "shared.kafka.settings.KAFKA__SASL_PASSWORD=x": "KAFKA__SASL_PASSWORD",
        "services.gateway.settings.GATEWAY_REDIS__URL=redis://:x@redis": "GATEWAY_REDIS__URL",
        "shared.milvus.secrets.MILVUS__TOKEN.existingSecret=milvus": "secrets.MILVUS__TOKEN",
        "defaults.extraEnv[0].name=RANKING_FUSION": "defaults.extraEnv.0.name",
    }
    said = refusal(helm, *named_by_change)
    assert [named for named in named_by_change.values() if not re.search(named, said)] == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("services.ranking.storage={spol}", "storage.spol"),
        ("defaults.terminationGracePeriodSeconds=24", "terminationGracePeriodSeconds"),
        ("shared.process.settings.RPC__GRACE_S=40", "RPC__GRACE_S"),
    ],
)
def test_what_does_not_fit_together_is_refused(helm: Path, change: str, named: str) -> None:
    assert named in refusal(helm, change)
