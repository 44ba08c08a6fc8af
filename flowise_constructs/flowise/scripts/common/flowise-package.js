'use strict'

const fs = require('fs')
const path = require('path')
const { createRequire } = require('module')

// Where the images put it: flowiseai/flowise, then flowiseai/flowise-worker (the whole monorepo).
const KNOWN_ROOTS = ['/usr/local/lib/node_modules/flowise', '/usr/src/packages/server']

function readPackage(directory) {
    try {
        return JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'))
    } catch {
        return undefined
    }
}

function isFlowise(directory) {
    const manifest = readPackage(directory)
    return manifest !== undefined && manifest.name === 'flowise'
}

function packageAbove(file) {
    for (let directory = path.dirname(file); directory !== path.dirname(directory); directory = path.dirname(directory)) {
        if (isFlowise(directory)) return directory
    }
    return undefined
}

function packageOnPath() {
    for (const directory of (process.env.PATH || '').split(path.delimiter)) {
        try {
            const root = packageAbove(fs.realpathSync(path.join(directory, 'flowise')))
            if (root) return root
        } catch {
            continue
        }
    }
    return undefined
}

function findFlowise() {
    const root = packageOnPath() || KNOWN_ROOTS.find(isFlowise)
    if (!root) throw new Error('the flowise package is neither on PATH nor at ' + KNOWN_ROOTS.join(' or '))
    return { root, version: readPackage(root).version, require: createRequire(path.join(root, 'package.json')) }
}

module.exports = { findFlowise }
