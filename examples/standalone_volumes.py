"""One main with four volumes, on a database whose host is in a Secret.

Crossplane made the database, an RDS instance, and wrote where it is into the Secret `flowise-postgres`: keys
`endpoint`, `port`, `username` and `password`. The YAML takes each part from there, with `valueFrom`: nobody copies a
host name, and an instance that is made anew is found by the next pod.

What to know:

- Each part of the address may be text or a key, on its own: here the name of the database is text. A key that holds a
  URL (`uri`, `dsn`) is no substitute: Flowise reads the parts.
- The gate looks at what came from the Secret before it connects. An empty value, a line end or a URL in the place of
  the host is named in its last line, with Secret and key, and never shown.
- A pod reads a Secret when it starts. `rollout_token` starts the pods anew after the instance was replaced.
- RDS' certificates are signed by Amazon's own authorities, whose bundle is in the ConfigMap `rds-ca`.
- The volumes are plain data under Kubernetes' names, held against its schema and against the mounts that the pod has
  already. All but the last are read-only, the default:
  `documents`, a claim that another team fills; `prompts`, a ConfigMap; `google`, a key for Google's nodes, from a
  Secret; `models`, a claim of a driver of its own, that Flowise writes to.
- A variable that names a file must name one on a volume of the pod: without `google` the one below is refused.
- Settings that no field of the library knows go to `extra_env`; those that one knows are refused there.

Must exist already: the database `flowise`, the Secrets `flowise-auth-secrets`, `flowise-postgres` and `google`, the
ConfigMaps `rds-ca` and `prompts`, the claims `documents` and `models`.
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    ConfigMapKey,
    DatabaseTls,
    DataClaim,
    Main,
    PodOptions,
    PostgresDatabase,
    SecretKey,
    StandaloneChart,
    Volume,
)

VOLUMES = [
    Volume(
        name="documents", source={"persistentVolumeClaim": {"claimName": "documents"}}, mount_path="/volumes/documents"
    ),
    Volume(name="prompts", source={"configMap": {"name": "prompts"}}, mount_path="/volumes/prompts"),
    Volume(name="google", source={"secret": {"secretName": "google"}}, mount_path="/volumes/google"),
    Volume(
        name="models",
        source={"persistentVolumeClaim": {"claimName": "models"}},
        mount_path="/volumes/models",
        read_only=False,
    ),
]


def postgres(key: str) -> SecretKey:
    """A key of the Secret that Crossplane writes."""
    return SecretKey(secret="flowise-postgres", key=key)


def build(app: App) -> None:
    """Adds the chart to the app."""
    StandaloneChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(
            host=postgres("endpoint"),
            port=postgres("port"),
            name="flowise",
            user=postgres("username"),
            password=postgres("password"),
            tls=DatabaseTls(ca=ConfigMapKey(config_map="rds-ca", key="global-bundle.pem")),
        ),
        data=DataClaim(size="20Gi"),
        main=Main(
            extra_env={"GOOGLE_APPLICATION_CREDENTIALS": "/volumes/google/key.json"},
            pod=PodOptions(volumes=VOLUMES, rollout_token="1"),
        ),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
