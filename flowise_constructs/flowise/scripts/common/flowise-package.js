'use strict'

const fs = require('fs')
const path = require('path')
const { createRequire } = require('module')

// Where the images put it: flowiseai/flowise, then flowiseai/flowise-worker (the whole monorepo).
const KNOWN_ROOTS = ['/usr/local/lib/node_modules/flowise', '/usr/src/packages/server']

// Why a package.json that is there could not be read goes into `unreadable`.
function readPackage(directory, unreadable) {
    const file = path.join(directory, 'package.json')
    try {
        return JSON.parse(fs.readFileSync(file, 'utf8')) || {}
    } catch (error) {
        if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') unreadable.push(`${file} (${error.code || 'no JSON'})`)
        return {}
    }
}

function packageAbove(file, unreadable) {
    for (let directory = path.dirname(file); directory !== path.dirname(directory); directory = path.dirname(directory)) {
        const { name, version } = readPackage(directory, unreadable)
        // The monorepo's root is called flowise too, and isn't the server.
        if (name === 'flowise' && fs.existsSync(path.join(directory, 'dist'))) return { root: directory, version }
    }
    return undefined
}

function realPath(file) {
    try {
        return fs.realpathSync(file)
    } catch {
        return undefined
    }
}

function findFlowise() {
    const onPath = (process.env.PATH || '').split(path.delimiter)
    const programs = onPath.map((directory) => realPath(path.join(directory, 'flowise'))).filter(Boolean)
    const places = [...programs, ...KNOWN_ROOTS.map((root) => path.join(root, 'package.json'))]
    const unreadable = []
    for (const place of places) {
        const found = packageAbove(place, unreadable)
        if (found) return { ...found, require: createRequire(path.join(found.root, 'package.json')) }
    }
    const why = unreadable.length > 0 ? `; not readable: ${[...new Set(unreadable)].join(', ')}` : ''
    throw new Error(`the flowise package is neither on PATH nor at ${KNOWN_ROOTS.join(' or ')}${why}`)
}

module.exports = { findFlowise }
