#!/bin/sh
# backup-azure.sh SCRIPT [ARGUMENT ...]: runs a script of this directory, after taking Azure's connection strings apart,
# which rclone doesn't know: AZURE_CONNECTION_TARGET, AZURE_CONNECTION_STORAGE.
set -eu
NAME=store
. "${0%/*}/backup-lib.sh"

# part NAME: a field of $connection; a key ends in '='.
part() { printf '%s\n' "$connection" | tr ';' '\n' | sed -n "s/^[[:space:]]*$1=//p" | head -n 1; }

take_apart() {
    step="reading the connection string of the remote $1"
    account=$(part AccountName)
    key=$(part AccountKey)
    endpoint=$(part BlobEndpoint)
    protocol=$(part DefaultEndpointsProtocol)
    suffix=$(part EndpointSuffix)
    [ -n "$account" ] || fail 'it has no AccountName'
    [ -n "$key" ] || fail 'it has no AccountKey; a shared access signature is not supported'
    export "RCLONE_CONFIG_$1_ACCOUNT=$account" "RCLONE_CONFIG_$1_KEY=$key"
    export "RCLONE_CONFIG_$1_ENDPOINT=${endpoint:-${protocol:-https}://$account.blob.${suffix:-core.windows.net}}"
}

for remote in TARGET STORAGE; do
    eval "connection=\${AZURE_CONNECTION_$remote:-}"
    if [ -n "$connection" ]; then take_apart "$remote"; fi
done
unset AZURE_CONNECTION_TARGET AZURE_CONNECTION_STORAGE
script=${0%/*}/$1
shift
exec sh "$script" "$@"
