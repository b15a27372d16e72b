"""Settings: read once at start, from the environment, `.env` and flags; frozen after that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class RpcSettings(BaseModel):
    """Limits of a gRPC server."""

    model_config = ConfigDict(frozen=True)

    default_deadline_s: float = Field(default=10.0, gt=0, description="For calls that set none.")
    max_request_bytes: int = Field(default=32 << 20, gt=0, description="Largest request.")
    max_response_bytes: int = Field(default=32 << 20, gt=0, description="Largest response.")
    max_concurrent_calls: int = Field(default=1_000, gt=0, description="Calls in work at once.")
    grace_s: float = Field(default=10.0, ge=0, description="Time for running calls at shutdown.")


class TlsSettings(BaseModel):
    """Who a process is to those that call it and to those it calls. Nothing set: plain text."""

    model_config = ConfigDict(frozen=True)

    certificate_file: Path | None = Field(
        default=None,
        description="PEM of this process's certificate and what signed it; set: its door has TLS.",
    )
    key_file: Path | None = Field(default=None, description="PEM of the certificate's key.")
    authorities_file: Path | None = Field(
        default=None,
        description="PEM of the authorities trusted, in calls and of callers; unset: the system's "
        "in calls, and callers need no certificate.",
    )
    mutual: bool = Field(
        default=True, description="With authorities set, callers must show a certificate of theirs."
    )

    @property
    def is_mutual(self) -> bool:
        """Whether callers must show a certificate."""
        return self.mutual and self.authorities_file is not None

    @model_validator(mode="after")
    def _a_pair(self) -> TlsSettings:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        return self


class LogSettings(BaseModel):
    """What is logged and how."""

    model_config = ConfigDict(frozen=True)

    level: str = Field(
        default="INFO", pattern="DEBUG|INFO|WARNING|ERROR", description="Least level."
    )
    as_json: bool = Field(default=True, description="JSON lines, else columns for people.")


class RedisSettings(BaseModel):
    """A Redis that the service can do without for a while."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr = Field(
        default=SecretStr(""),
        description="redis:// or rediss:// with user and password; empty: none, memory instead.",
    )
    key_prefix: str = Field(default="concierge", description="Start of every key.")
    connect_timeout_ms: int = Field(default=50, ge=1, description="For a new connection.")
    read_timeout_ms: int = Field(default=100, ge=1, description="For one answer.")
    most_connections: int = Field(
        default=16, ge=1, description="Connections at once; a call takes one for about 1 ms."
    )
    most_failures: int = Field(default=3, ge=1, description="In a row before it is not asked.")
    pause_ms: int = Field(default=1_000, ge=1, description="Not asked so long, then tried again.")


class TritonSettings(BaseModel):
    """Where a model is served; a subclass sets the model's name."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(default="", description="Triton's gRPC address, host:port; empty: not used.")
    model: str = Field(description="The model's name in Triton's repository.")
    timeout_s: float = Field(
        default=1.0, gt=0, description="Longest wait for one request that has no deadline."
    )
    most_failures: int = Field(default=5, ge=1, description="In a row before it is not asked.")
    pause_ms: int = Field(default=1_000, ge=1, description="Not asked so long, then tried again.")
    tls: bool = Field(default=False, description="Encrypted, the server's certificate checked.")
    root_certificates_file: Path | None = Field(
        default=None, description="PEM of the authorities trusted; unset: the system's."
    )
    certificate_file: Path | None = Field(
        default=None, description="PEM of this client's certificate, for mutual TLS."
    )
    key_file: Path | None = Field(
        default=None, description="PEM of the certificate's key, for mutual TLS."
    )


class LLMSettings(TritonSettings):
    """A text model with the contract of Triton's vLLM backend."""

    model: str = Field(default="llm", description="The model's name in Triton's repository.")
    version: str = Field(default="", description="What the model is, for logs and Explain.")
    temperature: float = Field(default=0.0, ge=0, le=2, description="0: always the likeliest.")
    prompt_template: str = Field(
        default="{prompt}",
        pattern=r"^[^{}]*\{prompt\}[^{}]*$",
        description="The model's chat markup around a prompt, which {prompt} stands for.",
    )


class KafkaSettings(BaseModel):
    """How the brokers are reached, and the limits of reading and publishing."""

    model_config = ConfigDict(frozen=True)

    bootstrap_servers: str = Field(
        default="127.0.0.1:9092",
        pattern=r"^[^,\s]+:\d+(,[^,\s]+:\d+)*$",
        description="Brokers to ask first, host:port, separated by commas.",
    )
    prefix: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,64}$",
        description="Put before every topic's and group's name: several deployments on one Kafka.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="SSL encrypts, SASL says who we are."
    )
    ssl_ca_file: str = Field(default="", description="Certificates to trust; empty: the system's.")
    ssl_certificate_file: str = Field(default="", description="Our certificate, for mutual TLS.")
    ssl_key_file: str = Field(default="", description="The key of our certificate.")
    ssl_key_password: SecretStr = Field(default=SecretStr(""), description="Opens the key file.")
    ssl_check_hostname: bool = Field(default=True, description="The broker is who it says.")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="How SASL proves who we are."
    )
    sasl_username: str = Field(default="", description="For SASL.")
    sasl_password: SecretStr = Field(default=SecretStr(""), description="For SASL.")
    broker_version: str = Field(
        default="3.0", pattern=r"^\d+\.\d+$", description="Oldest version of the brokers."
    )
    start_timeout_s: float = Field(
        default=30.0, gt=0, description="Longest wait for the brokers at start; then it fails."
    )
    publish_timeout_s: float = Field(
        default=5.0, gt=0, description="Longest wait for an acknowledgement."
    )
    request_timeout_s: float = Field(
        default=5.0, gt=0, description="After it a request to a broker is sent again."
    )
    max_unacknowledged: int = Field(
        default=10_000, gt=0, description="Messages that may wait for acknowledgement at once."
    )
    session_timeout_s: float = Field(
        default=6.0,
        ge=1,
        description="A member silent for so long is dead; its events go to others.",
    )
    commit_interval_s: float = Field(
        default=1.0, gt=0, description="Positions are committed so often; a crash repeats as much."
    )
    release_wait_s: float = Field(
        default=2.0, ge=0, description="Time for work on partitions that another member gets."
    )


class ServiceSettings(BaseSettings):
    """Base of every service's settings; a subclass sets `env_prefix`."""

    model_config = SettingsConfigDict(
        frozen=True, env_nested_delimiter="__", env_file=".env", extra="ignore"
    )

    address: str = Field(
        default="0.0.0.0:50051",
        pattern=r".+:\d{1,5}",
        description="host:port on which gRPC is answered.",
    )
    health_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Plain-text port for health checks alone, for probes without TLS; 0: none.",
    )
    tls: TlsSettings = TlsSettings()
    rpc: RpcSettings = RpcSettings()
    log: LogSettings = LogSettings()
    kafka: KafkaSettings = KafkaSettings()
    metrics_port: int = Field(default=0, ge=0, le=65535, description="Prometheus port; 0: none.")


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting for people."""

    name: str
    environment: str
    default: str
    description: str


def describe(
    kind: type[BaseModel], *, prefix: str = "", path: str = ""
) -> Iterator[SettingDescription]:
    """Yield every setting of a class with its environment variable, default and meaning."""
    prefix = prefix or str(kind.model_config.get("env_prefix", ""))
    for name, field in kind.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from describe(annotation, prefix=prefix, path=f"{path}{name}__")
            continue
        yield SettingDescription(
            f"{path}{name}".replace("__", "."),
            f"{prefix}{path}{name}".upper(),
            str(field.get_default(call_default_factory=True)),
            field.description or "",
        )


def environment_of(settings: BaseModel, *, prefix: str = "") -> dict[str, str]:
    """Return the variables that give another process the same settings, secrets included."""
    prefix = prefix or str(settings.model_config.get("env_prefix", ""))
    variables: dict[str, str] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            variables |= environment_of(value, prefix=f"{prefix}{name}__")
        elif isinstance(value, SecretStr):
            variables[f"{prefix}{name}".upper()] = value.get_secret_value()
        elif value is not None:
            variables[f"{prefix}{name}".upper()] = (
                str(value) if isinstance(value, (str, Path)) else json.dumps(value, default=str)
            )
    return variables
