'use strict'

// The text format of Prometheus. HELP and TYPE stand once a name, whatever the number of its samples.

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const ESCAPED = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function labelled(labels) {
    const parts = Object.entries(labels).map(([name, value]) => `${name}="${String(value).replace(/[\\"\n]/g, (sign) => ESCAPED[sign])}"`)
    return parts.length > 0 ? `{${parts.join(',')}}` : ''
}

// A family: name, type, help, and samples, each its labels and its value. One without samples is left out.
function render(families) {
    const lines = families
        .filter(({ samples }) => samples.length > 0)
        .flatMap(({ name, type, help, samples }) => [
            `# HELP ${name} ${help}`,
            `# TYPE ${name} ${type}`,
            ...samples.map(([labels, value]) => `${name}${labelled(labels)} ${value}`)
        ])
    return lines.map((line) => `${line}\n`).join('')
}

module.exports = { TYPE, render }
