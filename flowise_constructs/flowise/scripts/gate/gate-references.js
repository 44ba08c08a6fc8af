'use strict'

// The gate of a deployment whose servers' addresses are in Secrets or ConfigMaps: their values are known here first.
// GATE_REFERENCES tells where each is: DATABASE_HOST=Secret/flowise-db-app/host,...

const { addressFault, tokenFault } = require('./gate-values')

function faultOf(reference) {
    const [variable, place] = reference.split('=')
    const [kind, name, key] = place.split('/')
    const fault = addressFault(variable, process.env[variable])
    return fault && `${variable}, key '${key}' of ${kind} '${name}', ${fault}`
}

function tokenOf(variable) {
    const token = tokenFault(process.env[variable] || '')
    return token && `${variable} holds ${token}; Flowise reads it once, when it starts: give a user with a password`
}

const faults = [...process.env.GATE_REFERENCES.split(',').map(faultOf), ...['DATABASE_PASSWORD', 'REDIS_PASSWORD'].map(tokenOf)]
const told = faults.filter(Boolean).join('; ')
if (told) process.stderr.write(`gate: ${told}\n`, () => process.exit(1))
else require('./gate')
