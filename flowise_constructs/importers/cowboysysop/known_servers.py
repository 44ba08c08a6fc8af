"""The keys of the chart's three servers, which are forks of Bitnami's charts.

Their objects stay as they are, so the table knows what Flowise's pods follow from, and the names of the other keys, for
those that are misspelt.
"""

from __future__ import annotations

from flowise_constructs.importers.tables import ANYTHING, Section

_ALL = """
    clusterDomain commonAnnotations commonLabels diagnosticMode extraDeploy global image kubeVersion metrics rbac
    serviceAccount serviceBindings tls volumePermissions
"""
_MARIADB = """
    initdbScripts initdbScriptsConfigMap networkPolicy passwordUpdateJob runtimeClassName schedulerName secondary tde
"""
_POSTGRESQL = """
    audit backup containerPorts ldap postgresqlDataDir postgresqlSharedPreloadLibraries psp readReplicas
    replication shmVolume
"""
_REDIS = """
    commonConfiguration configmapChecksumAnnotations existingConfigmap kubectl nameResolutionThreshold
    nameResolutionTimeout namespaceOverride networkPolicy pdb podSecurityPolicy replica secretAnnotations
    secretChecksumAnnotations sysctl useExternalDNS useHostnames
"""
_POD = """
    affinity args automountServiceAccountToken command configuration containerSecurityContext customLivenessProbe
    customReadinessProbe customStartupProbe extraEnvVars extraEnvVarsCM extraEnvVarsSecret extraVolumeMounts
    extraVolumes
    hostAliases initContainers lifecycleHooks livenessProbe nodeAffinityPreset nodeSelector pdb persistence
    podAffinityPreset podAnnotations podAntiAffinityPreset podLabels podSecurityContext priorityClassName readinessProbe
    resources resourcesPreset schedulerName sidecars startupProbe tolerations topologySpreadConstraints updateStrategy
"""
_MARIADB_POD = """
    containerPorts existingConfigmap extraFlags podManagementPolicy revisionHistoryLimit rollingUpdatePartition
    runtimeClassName startupWaitOptions
"""
_POSTGRESQL_POD = """
    annotations existingConfigmap existingExtendedConfigmap extendedConfiguration extraPodSpec hostIPC hostNetwork
    initdb
    labels networkPolicy persistentVolumeClaimRetentionPolicy pgHbaConfiguration standby terminationGracePeriodSeconds
"""
_REDIS_POD = """
    annotations containerPorts count disableCommands dnsConfig dnsPolicy enableServiceLinks extraFlags extraPodSpec kind
    minReadySeconds persistentVolumeClaimRetentionPolicy preExecCmds revisionHistoryLimit serviceAccount
    shareProcessNamespace terminationGracePeriodSeconds
"""
_SENTINEL = """
    annotations args automateClusterRecovery command configuration containerPorts containerSecurityContext
    customLivenessProbe customReadinessProbe customStartupProbe downAfterMilliseconds enableServiceLinks externalAccess
    externalMaster extraEnvVars extraEnvVarsCM extraEnvVarsSecret extraPodSpec extraVolumeMounts extraVolumes
    failoverTimeout getMasterTimeout image lifecycleHooks livenessProbe masterService masterSet parallelSyncs
    persistence
    persistentVolumeClaimRetentionPolicy preExecCmds quorum readinessProbe redisShutdownWaitFailover resources
    resourcesPreset service startupProbe terminationGracePeriodSeconds
"""
_SERVICE = """
    annotations clusterIP externalIPs externalTrafficPolicy extraPorts headless internalTrafficPolicy loadBalancerClass
    loadBalancerIP loadBalancerSourceRanges nodePorts portNames sessionAffinity sessionAffinityConfig type
"""


def _any(*names: str) -> Section:
    return {name: ANYTHING for words in names for name in words.split()}


def _pod(port: str, number: int, words: str) -> Section:
    return {**_any(_POD, words), "service": {**_any(_SERVICE), "ports": {port: number, "metrics": ANYTHING}}}


def _server(words: str) -> Section:
    return {
        "enabled": False,
        "architecture": "standalone",
        "nameOverride": "",
        "fullnameOverride": "",
        **_any(_ALL, words),
    }


MARIADB: Section = {
    **_server(_MARIADB),
    "auth": {
        "database": "flowise",
        "username": "flowise",
        "password": "flowise",
        "existingSecret": "",
        **_any("customPasswordFiles forcePassword replicationPassword replicationUser rootPassword usePasswordFiles"),
    },
    "primary": {**_pod("mysql", 3306, _MARIADB_POD), "name": "primary"},
}
POSTGRESQL: Section = {
    **_server(_POSTGRESQL),
    "auth": {
        "username": "flowise",
        "password": "flowise",
        "database": "flowise",
        "existingSecret": "",
        "secretKeys": {"userPasswordKey": "password", **_any("adminPasswordKey replicationPasswordKey")},
        **_any("enablePostgresUser postgresPassword replicationPassword replicationUsername usePasswordFiles"),
    },
    "primary": {**_pod("postgresql", 5432, _POSTGRESQL_POD), "name": "primary"},
}
REDIS: Section = {
    **_server(_REDIS),
    "auth": {
        "enabled": True,
        "password": "flowise",
        "existingSecret": "",
        "existingSecretPasswordKey": "",
        **_any("acl sentinel usePasswordFileFromSecret usePasswordFiles"),
    },
    "master": _pod("redis", 6379, _REDIS_POD),
    "sentinel": {"enabled": False, **_any(_SENTINEL)},
}
