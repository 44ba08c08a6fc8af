'use strict'

// What an operator calls the failure, by the codes of Node, OpenSSL, PostgreSQL, mysql2 and Redis.
const KINDS = {
    refused: ['ECONNREFUSED'],
    'timed out': ['ETIMEDOUT', 'ESOCKETTIMEDOUT', 'PROTOCOL_SEQUENCE_TIMEOUT'],
    'name not resolved': ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME'],
    'no route': ['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
    'connection closed': ['ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST'],
    'not ready yet': ['57P03', '57P01', '57P02', '53300', 'ER_CON_COUNT_ERROR', 'ER_SERVER_SHUTDOWN', 'LOADING', 'MASTERDOWN', 'BUSY'],
    'authentication failed': ['28P01', '28000', 'ER_ACCESS_DENIED_ERROR', 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR', 'ER_HOST_NOT_PRIVILEGED', 'NOAUTH', 'WRONGPASS'],
    'unknown database': ['3D000', 'ER_BAD_DB_ERROR'],
    'no permission': ['42501', 'ER_DBACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR', 'NOPERM'],
    TLS: ['EPROTO', 'HANDSHAKE_NO_SSL_SUPPORT', 'HANDSHAKE_SSL_ERROR', 'ER_SECURE_TRANSPORT_REQUIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_GET_ISSUER_CERT', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'HOSTNAME_MISMATCH'],
    configuration: ['ERR_SOCKET_BAD_PORT', 'ERR_INVALID_URL', 'GATE_CONFIGURATION']
}

const TEXTS = [
    [/timeout expired|timed? ?out/i, 'timed out'],
    [/does not support SSL|certificate|\bSSL\b|\bTLS\b|SSL profile/i, 'TLS'],
    [/client password must be|SASL|without any password|invalid password|WRONGPASS|NOAUTH/i, 'authentication failed'],
    [/terminated unexpectedly|connection is closed|connection ended/i, 'connection closed'],
    [/^LOADING|^MASTERDOWN|^BUSY/, 'not ready yet'],
    [/^NOPERM/, 'no permission']
]

// The kinds that waiting seldom mends: given up after a shorter time, since Secrets and roles may come late.
const SELDOM_MENDED = new Set(['authentication failed', 'unknown database', 'no permission', 'TLS', 'configuration'])

function innermost(error) {
    return error instanceof AggregateError && error.errors.length > 0 ? error.errors[error.errors.length - 1] : error
}

function kindOf(error) {
    const code = String(error.code || '')
    // "no pg_hba.conf entry ... no encryption": the server takes this user only with TLS.
    if (code === '28000' && /no encryption/.test(error.message)) return 'TLS'
    for (const [kind, codes] of Object.entries(KINDS)) if (codes.includes(code)) return kind
    if (/^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_)/.test(code)) return 'TLS'
    for (const [pattern, kind] of TEXTS) if (pattern.test(error.message)) return kind
    return 'failed'
}

function oneLine(text) {
    return String(text).replace(/\s+/g, ' ').trim().slice(0, 300)
}

function describe(error) {
    const cause = innermost(error)
    const kind = kindOf(cause)
    const detail = oneLine(cause.message || cause.code || cause)
    return { kind, seldomMended: SELDOM_MENDED.has(kind), text: `${kind} (${detail})` }
}

class GateError extends Error {}

module.exports = { GateError, describe, oneLine }
