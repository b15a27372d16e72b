"""`infra/compose.yaml` as far as that can be checked without Docker."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from infra.local.elasticsearch import VERSION as ELASTICSEARCH
from infra.local.kafka import KAFKA
from infra.local.milvus import VERSION as MILVUS
from services.cli.admin import AdminSettings
from services.cli.serve import Service
from services.platform.settings import describe

ROOT = Path(__file__).parents[3]
FILE = ROOT / "infra" / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
KINDS: list[type[BaseModel]] = [AdminSettings, *(service.settings() for service in Service)]
KNOWN = {setting.environment for kind in KINDS for setting in describe(kind)}


def test_every_service_is_there_with_an_image_of_its_own_extra() -> None:
    for service in Service:
        assert SERVICES[service]["build"]["args"] == {"SERVICE": service.value}


@pytest.mark.parametrize("name", [n for n in SERVICES if "build" in SERVICES[n]])
def test_only_settings_that_exist_are_set(name: str) -> None:
    assert set(SERVICES[name].get("environment", {})) <= KNOWN


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"setup"}))
def test_health_is_checked(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_what_is_waited_for_exists() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other]


def test_every_volume_is_declared() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert "/" in source or source in COMPOSE["volumes"]


def test_the_servers_are_those_of_the_local_stack() -> None:
    images = {name: SERVICES[name]["image"] for name in ("kafka", "elasticsearch", "milvus")}
    assert images["kafka"].endswith(f":{KAFKA}")
    assert images["elasticsearch"].endswith(f":{ELASTICSEARCH}")
    assert images["milvus"].endswith(f":v{MILVUS}")
    assert all(re.search(r":v?\d", s["image"]) for s in SERVICES.values() if "image" in s)


def test_docker_reads_it() -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker client")
    version = subprocess.run(["docker", "compose", "version"], capture_output=True)
    if version.returncode:
        pytest.skip("the docker client has no compose plugin")
    subprocess.run(["docker", "compose", "-f", str(FILE), "config", "--quiet"], check=True)
