'use strict'

const fs = require('fs')
const os = require('os')
const path = require('path')

// /tmp outlives a restarted container, so what was kept counts only for the process it was kept for.
function fileOf(name) {
    return path.join(os.tmpdir(), `flowise-constructs-${name}.json`)
}

function readState(name, owner) {
    try {
        const kept = JSON.parse(fs.readFileSync(fileOf(name), 'utf8'))
        return kept.owner === owner ? kept.state : undefined
    } catch {
        return undefined
    }
}

function writeState(name, owner, state) {
    const temporary = `${fileOf(name)}.${process.pid}`
    fs.writeFileSync(temporary, JSON.stringify({ owner, state }))
    fs.renameSync(temporary, fileOf(name))
}

module.exports = { readState, writeState }
