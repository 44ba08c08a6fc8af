"""Every Secret out of a store, by the External Secrets Operator.

Queue mode on managed services. For each Secret that a pod reads there is an ExternalSecret, with the keys that are read
and no others; the list follows the values. The TLS Secret of the Ingress is cert-manager's, and isn't among them.

What to know:

- The values stand in the store as `flowise/prod/<Secret>`, a field for each key: `flowise/prod/flowise-auth-secrets`
  with the field `encryption-key`, and so on. The database's password is elsewhere, so it has an override.
- Nothing generates the five keys. Put them into the store yourself, 32 random bytes each (`openssl rand -hex 32`), and
  keep a copy: when the encryption key is lost, every credential stored in Flowise is lost.
- Pods read a Secret when they start. `reloader=True` lets Stakater's Reloader replace them when the operator has
  written a new value; but a new *encryption key* alone makes the credentials unreadable: see "Rotate the keys".
- `creation="Orphan"`: the Secrets stay when somebody deletes the ExternalSecrets.

Must exist already: the operator, 0.17 or newer, the ClusterSecretStore `vault` with the values, the database, Redis and
the bucket `example-flowise`; the ConfigMap `rds-ca` with the bundle that AWS publishes for RDS.
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    ConfigMapKey,
    DatabaseTls,
    ExternalSecrets,
    Image,
    Ingress,
    IngressHost,
    IngressTls,
    Main,
    Owner,
    PodOptions,
    PostgresDatabase,
    Queue,
    QueueChart,
    Redis,
    RemoteRef,
    S3Bucket,
    S3Credentials,
    SecretKey,
    StoreRef,
    SyncPolicy,
    Worker,
)

HOST = "flowise.example.com"
RDS_CA = ConfigMapKey(config_map="rds-ca", key="global-bundle.pem")
DATABASE_PASSWORD = SecretKey(secret="flowise-database", key="password")


def build(app: App) -> None:
    """Adds the chart to the app."""
    flowise = QueueChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(
            host="flowise.cluster-abc.eu-west-1.rds.amazonaws.com",
            password=DATABASE_PASSWORD,
            tls=DatabaseTls(ca=RDS_CA),
        ),
        queue=Queue(redis=Redis(host="redis.example.com", password=SecretKey(secret="flowise-redis", key="password"))),
        storage=S3Bucket(
            bucket="example-flowise", region="eu-west-1", credentials=S3Credentials.from_secret("flowise-bucket")
        ),
        image=Image(repository="registry.example.com/flowiseai/flowise", pull_secrets=["registry"]),
        owner=Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password")),
        ingress=Ingress(
            hosts=[IngressHost(host=HOST)],
            class_name="nginx",
            annotations={"cert-manager.io/cluster-issuer": "letsencrypt"},
            tls=[IngressTls(hosts=[HOST], secret_name="flowise-tls")],
        ),
        main=Main(pod=PodOptions(reloader=True)),
        worker=Worker(pod=PodOptions(reloader=True)),
    )
    ExternalSecrets(
        flowise,
        "Secrets",
        deployment=flowise.deployment,
        store=StoreRef(name="vault", kind="ClusterSecretStore"),
        keys="flowise/prod/{secret}",
        properties="{key}",
        overrides={DATABASE_PASSWORD: RemoteRef(key="databases/flowise", property="password")},
        policy=SyncPolicy(refresh_seconds=900, creation="Orphan"),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
