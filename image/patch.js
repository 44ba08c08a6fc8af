'use strict'

// Applies patches/*.patch to the node_modules that is named, as `patch -p1` would, but exactly: what a patch takes away
// must be there, at one place. Ends with an error where it isn't.

const fs = require('fs')
const path = require('path')

function readHunks(patch) {
    const hunks = []
    let file, hunk
    for (const line of patch.split('\n')) {
        if (line.startsWith('+++ ')) [file, hunk] = [line.slice('+++ b/'.length), undefined]
        else if (line.startsWith('@@ ')) hunks.push((hunk = { file, before: [], after: [] }))
        else if (hunk && /^[ -]/.test(line) && !line.startsWith('--- ')) hunk.before.push(line.slice(1))
        if (hunk && /^[ +]/.test(line) && !line.startsWith('+++ ')) hunk.after.push(line.slice(1))
    }
    return hunks.map(({ file, before, after }) => ({ file, before: before.join('\n'), after: after.join('\n') }))
}

function replaceOnce(text, { file, before, after }) {
    const parts = text.split(`${before}\n`)
    if (parts.length !== 2) throw new Error(`${file}: found ${parts.length - 1} times, not once:\n${before}`)
    return parts.join(`${after}\n`)
}

function applyPatch(name, patch, modules) {
    const hunks = readHunks(patch)
    if (hunks.length === 0) throw new Error(`${name}: no hunk`)
    for (const hunk of hunks) {
        const file = path.join(modules, hunk.file)
        fs.writeFileSync(file, replaceOnce(fs.readFileSync(file, 'utf8'), hunk))
    }
    console.log(`patched: ${name}`)
}

const modules = process.argv[2]
if (!modules) throw new Error('usage: node patch.js NODE_MODULES')
const folder = path.join(__dirname, 'patches')
for (const name of fs.readdirSync(folder).filter((name) => name.endsWith('.patch')).sort()) {
    applyPatch(name, fs.readFileSync(path.join(folder, name), 'utf8'), modules)
}
