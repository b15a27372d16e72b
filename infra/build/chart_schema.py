"""Write helm/concierge/values.schema.json: what values may be, every setting by name included.

Usage: python -m infra.build.chart_schema [--check]

The settings come from the services' own settings classes, with types, ranges and meanings, so helm
refuses what the services would refuse. A secret is no setting here: it comes from a Secret. A URL
that may hold a password is one only without.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings

from services.cli.admin import AdminSettings
from services.cli.serve import Service
from services.keyword_search.settings import ElasticsearchSettings
from services.platform.settings import KafkaSettings, ServiceSettings
from services.vector_retrieval.settings import EmbedderSettings, MilvusSettings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "helm" / "concierge" / "values.schema.json"

Schema: TypeAlias = dict[str, Any]

# Groups of `shared`: a class of settings and where it stands in a service's.
GROUPS: Mapping[str, tuple[type[BaseModel], str]] = {
    "process": (ServiceSettings, ""),
    "kafka": (KafkaSettings, "KAFKA__"),
    "elasticsearch": (ElasticsearchSettings, "ELASTICSEARCH__"),
    "milvus": (MilvusSettings, "MILVUS__"),
    "embedder": (EmbedderSettings, "EMBEDDER__"),
}

STRING: Schema = {"type": "string"}
STRINGS: Schema = {"type": "array", "items": STRING}
BOOLEAN: Schema = {"type": "boolean"}
STRING_MAP: Schema = {"type": "object", "additionalProperties": STRING}
# What Kubernetes itself defines and checks.
OBJECT: Schema = {"type": "object"}
OBJECTS: Schema = {"type": "array", "items": OBJECT}


def closed(properties: Mapping[str, Schema], *required: str) -> Schema:
    """Return an object that has these keys and no others."""
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
    }
    return schema | ({"required": list(required)} if required else {})


def integer(least: int) -> Schema:
    """Return a whole number from `least` on."""
    return {"type": "integer", "minimum": least}


def settings_of(kind: type[BaseModel], prefix: str) -> Iterator[tuple[str, Schema | None]]:
    """Yield every setting of a class: its name in the environment, and what it may be.

    `None`: only a Secret may hold it.
    """
    schemas = kind.model_json_schema()["properties"]
    for name, field in kind.model_fields.items():
        variable = f"{prefix}{name}".upper()
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from settings_of(annotation, f"{variable}__")
        elif annotation is not SecretStr:
            yield variable, plain(schemas[name])
        elif variable.endswith("_URL"):
            yield variable, {"type": "string", "pattern": "^[^@]*$"}
        else:
            yield variable, None


def plain(schema: Schema) -> Schema:
    """Return a field's schema as far as values need it."""
    for alternative in schema.pop("anyOf", ()):
        schema |= {} if alternative["type"] == "null" else alternative
    return {key: part for key, part in schema.items() if key not in ("title", "format")}


def settings(found: Mapping[str, Schema | None]) -> Mapping[str, Schema]:
    """Return the schemas of a process's or a group's `settings` and `secrets`."""
    return {
        "settings": closed({name: schema for name, schema in found.items() if schema}),
        "secrets": closed({name: {"$ref": "#/definitions/secretKey"} for name in found}),
    }


def shared() -> Schema:
    """Return the groups of shared settings, named without a prefix."""
    groups = {}
    for group, (kind, prefix) in GROUPS.items():
        found = dict(settings_of(kind, prefix))
        if group == "process":  # Kafka's are a group of their own
            found = {name: schema for name, schema in found.items() if "KAFKA__" not in name}
        groups[group] = closed(settings(found))
    return closed(groups)


# What every process may say for itself; each is a definition of the schema.
PROCESS: Mapping[str, Schema] = {
    "enabled": BOOLEAN,
    "replicas": integer(0),
    "uses": {"type": "array", "items": {"enum": list(GROUPS)}},
    "image": closed(
        {
            "repository": STRING,
            "tag": STRING,
            "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
        }
    ),
    "command": STRINGS,
    "serves": BOOLEAN,
    "service": closed(
        {
            "type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
            "annotations": STRING_MAP,
        },
        "type",
    ),
    "storage": STRINGS,
    "extraEnv": {"type": "array", "items": {"$ref": "#/definitions/variable"}},
    "volumes": OBJECTS,
    "volumeMounts": OBJECTS,
    "startupProbe": OBJECT,
    "livenessProbe": OBJECT,
    "readinessProbe": OBJECT,
    "preStopSleepSeconds": integer(0),
    "terminationGracePeriodSeconds": integer(1),
    "resources": OBJECT,
    "strategy": OBJECT,
    "topologySpread": OBJECTS,
    "nodeSelector": STRING_MAP,
    "tolerations": OBJECTS,
    "affinity": OBJECT,
    "priorityClassName": STRING,
    "podAnnotations": STRING_MAP,
    "podLabels": STRING_MAP,
    "podSecurityContext": OBJECT,
    "securityContext": OBJECT,
}
IN_PROCESS: Mapping[str, Schema] = {key: {"$ref": f"#/definitions/{key}"} for key in PROCESS}
# What the setup job may not say: it ends by itself and answers nobody.
NOT_IN_JOB = {
    *("command", "livenessProbe", "preStopSleepSeconds", "readinessProbe", "replicas", "serves"),
    *("service", "startupProbe", "strategy", "topologySpread", "terminationGracePeriodSeconds"),
}

FOLDER: Schema = closed(
    {
        "mountPath": {"type": "string", "pattern": "^/"},
        "readOnly": BOOLEAN,
        "existingClaim": STRING,
        "create": BOOLEAN,
        "accessModes": STRINGS,
        "size": STRING,
        "storageClassName": STRING,
    },
    "mountPath",
)


def services() -> Schema:
    """Return the blocks of the processes; the workers read what ingestion's door reads."""
    found = {service.value: all_of(service.settings()) for service in Service}
    found["ingestion-workers"] = found["ingestion"]
    other = {"enum": [service.value for service in Service]}
    return closed(
        {
            name: closed({**settings(own), **IN_PROCESS, "settingsOf": other})
            for name, own in found.items()
        }
    )


def setup() -> Schema:
    """Return the block of the setup job."""
    job = {key: schema for key, schema in IN_PROCESS.items() if key not in NOT_IN_JOB}
    limits = {"backoffLimit": integer(0), "activeDeadlineSeconds": integer(1)}
    return closed({**settings(all_of(AdminSettings)), **job, **limits})


def prefix_of(kind: type[BaseSettings]) -> str:
    """Return what the variables of a process begin with."""
    return str(kind.model_config["env_prefix"])


def all_of(kind: type[BaseSettings]) -> Mapping[str, Schema | None]:
    """Return every setting of a process."""
    return dict(settings_of(kind, prefix_of(kind)))


def values() -> Schema:
    """Return the schema of values.yaml."""
    kinds: list[type[BaseSettings]] = [AdminSettings, *(s.settings() for s in Service)]
    prefixes = "|".join(map(prefix_of, kinds))
    reference = closed(
        {name: {"type": "string", "minLength": 1} for name in ("existingSecret", "key")},
        *("existingSecret", "key"),
    )
    variable = {
        "type": "object",
        "required": ["name"],
        "properties": {
            # A setting has its place under `settings`, where its name is checked.
            "name": {"type": "string", "minLength": 1, "not": {"pattern": f"^({prefixes})"}}
        },
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Written by infra/build/chart_schema.py",
        "definitions": {"secretKey": reference, "variable": variable, **PROCESS},
        **closed(
            {
                "global": OBJECT,  # helm's own, where this chart is another's dependency
                "nameOverride": STRING,
                "fullnameOverride": {"type": "string", "maxLength": 42},
                "image": closed(
                    {
                        "registry": {"type": "string", "pattern": "^$|[^/]$"},
                        "tag": STRING,
                        "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
                        "pullSecrets": STRINGS,
                    }
                ),
                "serviceAccount": closed(
                    {"create": BOOLEAN, "name": STRING, "annotations": STRING_MAP}
                ),
                "shared": shared(),
                "defaults": closed(IN_PROCESS),
                "services": services(),
                "setup": setup(),
                "storage": {"type": "object", "additionalProperties": FOLDER},
            }
        ),
    }


def text() -> str:
    """Return the file's content."""
    return json.dumps(values(), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file, or with --check return 1 when it is not as it would be written."""
    if sys.argv[1:] == ["--check"]:
        if FILE.read_text(encoding="utf-8") == text():
            return 0
        print(f"{FILE.relative_to(ROOT)} is out of date: python -m infra.build.chart_schema")
        return 1
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
