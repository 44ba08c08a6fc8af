'use strict'

const fs = require('fs')
const path = require('path')

function classNameOrNameProperty(file, className) {
    const source = fs.readFileSync(file, 'utf8')
    const property = /this\.name = ['"]([^'"]+)['"]/.exec(source)
    return property ? property[1] : className
}

// TypeORM records a migration by its name property or else its class name. Loading the classes would take
// seconds (some import the whole server), so both are read from the compiled index and its files.
function namesFromSource(index) {
    const source = fs.readFileSync(index, 'utf8')
    const files = new Map()
    for (const [, variable, file] of source.matchAll(/const (\w+) = require\("([^"]+)"\)/g)) files.set(variable, file)
    const list = /exports\.\w+Migrations = \[([^\]]*)\]/.exec(source)
    if (!list) return []
    return list[1]
        .split(',')
        .map((entry) => entry.trim().split('.'))
        .map(([variable, className]) => classNameOrNameProperty(require.resolve(path.resolve(path.dirname(index), files.get(variable))), className))
}

function namesFromClasses(index) {
    const [classes] = Object.values(require(index))
    return classes.map((Migration) => new Migration().name || Migration.name)
}

function knownMigrations(flowise, databaseType) {
    const index = path.join(flowise.root, 'dist', 'database', 'migrations', databaseType, 'index.js')
    const names = namesFromSource(index)
    return new Set(names.length > 0 ? names : namesFromClasses(index))
}

function timestampOf(name) {
    return Number(/\d{13}$/.exec(name) || 0)
}

// Unknown rows alone prove nothing: Flowise has dropped migrations (AddChatFlowNameIndex1755748356008). A schema
// is newer when an unknown row is dated after all that this release has, or was applied after all of them.
function newerThan(known, applied) {
    const newestKnown = Math.max(...[...known].map(timestampOf))
    const complete = pendingOf(known, applied).length === 0
    const lastKnownId = Math.max(0, ...applied.filter((row) => known.has(row.name)).map((row) => row.id))
    const isNewer = (row) => timestampOf(row.name) > newestKnown || (complete && row.id > lastKnownId)
    return applied.filter((row) => !known.has(row.name) && isNewer(row)).map((row) => row.name)
}

function pendingOf(known, applied) {
    const names = new Set(applied.map((row) => row.name))
    return [...known].filter((name) => !names.has(name))
}

module.exports = { knownMigrations, newerThan, pendingOf }
