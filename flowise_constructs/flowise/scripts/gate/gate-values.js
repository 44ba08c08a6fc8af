'use strict'

const net = require('net')

// What is wrong with a value that a Secret or ConfigMap gave, or undefined. No text shows it: under the wrong key it may
// be a password. Flowise would take "5432\n" for a port, and look for ever for a host that ends with a line end.

function hostFault(value) {
    if (/^\w[\w+.-]*:\/\//.test(value)) return 'holds a URL, and needs the host alone'
    if (value.startsWith('/')) return "holds the path of a socket, and needs a host: a proxy in the pod itself is at '127.0.0.1'"
    if (value.includes(':') && !net.isIPv6(value)) return 'holds more than a host'
    return undefined
}

function portFault(value) {
    return /^[0-9]{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535 ? undefined : 'holds no port'
}

function addressFault(variable, value) {
    if (!value) return 'is empty'
    if (value !== value.trim() || /[\r\n]/.test(value)) return 'begins or ends with a space or a line end'
    if (variable.endsWith('_HOST')) return hostFault(value)
    return variable.endsWith('_PORT') ? portFault(value) : undefined
}

// Flowise reads its environment once; each later connection would be refused.
function tokenFault(value) {
    if (/[?&]X-Amz-(Signature|Credential)=/.test(value)) return 'a token of AWS IAM, which ends after 15 minutes'
    if (/^ya29\./.test(value)) return "a token of Google's IAM, which ends after an hour"
    if (/^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/.test(value)) return 'a signed token (JWT), as Microsoft Entra gives it, which ends after an hour or so'
    return undefined
}

module.exports = { addressFault, tokenFault }
