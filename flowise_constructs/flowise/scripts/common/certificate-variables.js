'use strict'

// Loaded in front of every Node process of a pod (NODE_OPTIONS). Flowise takes certificates from variables, as base64
// of PEM; Secrets and ConfigMaps of cert-manager, trust-manager and CloudNativePG hold PEM, and large bundles don't fit
// into a variable of the container. So they are mounted, and put into the variables here. Base64 of PEM is taken too.

const fs = require('fs')

const VARIABLES = {
    DATABASE_SSL_KEY_FILE: 'DATABASE_SSL_KEY_BASE64',
    REDIS_CA_FILE: 'REDIS_CA',
    REDIS_CERT_FILE: 'REDIS_CERT',
    REDIS_KEY_FILE: 'REDIS_KEY'
}
const PEM = /-----BEGIN [A-Z ]+-----/

function stop(file, problem) {
    process.stderr.write(`certificates: ${file} ${problem}\n`)
    process.exit(1)
}

function read(file) {
    try {
        return fs.readFileSync(file, 'utf8')
    } catch (error) {
        return stop(file, `can't be read: ${error.code}`)
    }
}

function decoded(text) {
    return PEM.test(text) ? text : Buffer.from(text, 'base64').toString('utf8')
}

for (const [source, variable] of Object.entries(VARIABLES)) {
    const file = process.env[source]
    if (!file) continue
    const pem = decoded(read(file))
    if (!PEM.test(pem)) stop(file, `holds no PEM, nor base64 of it: see that the key of the Secret or ConfigMap is the right one`)
    process.env[variable] = Buffer.from(pem).toString('base64')
}

// Node takes a file without PEM for no authorities at all, without a word.
const authorities = process.env.NODE_EXTRA_CA_CERTS
if (authorities && !PEM.test(read(authorities))) {
    stop(authorities, 'holds no PEM certificate (base64 of PEM must be decoded): see that the key of the Secret or ConfigMap is the right one')
}
