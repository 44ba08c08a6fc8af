'use strict'

const path = require('path')

// What a manifest may count on, by the release that brought it.
const BROUGHT = [
    ['3.1.2', ['the fix of CVE-2026-56274']],
    [
        '3.1.3',
        [
            'schedules and their queue',
            'tracing by LANGSMITH_*',
            'the closed defaults of IFRAME_ORIGINS and CUSTOM_MCP_PROTOCOL'
        ]
    ],
    ['3.1.4', ['CUSTOM_MCP_ALLOWED_COMMANDS']]
]

function numbers(version) {
    const match = /^v?(\d+)\.(\d+)\.(\d+)(?![\d.])/.exec(version)
    return match ? match.slice(1, 4).map(Number) : undefined
}

function compare(one, other) {
    const [left, right] = [numbers(one), numbers(other)]
    const index = left.findIndex((number, place) => number !== right[place])
    return index < 0 ? 0 : left[index] - right[index]
}

function enumerated(words) {
    return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}

function broughtAfter(older, newer) {
    const between = BROUGHT.filter(([release]) => compare(older, release) < 0 && compare(release, newer) <= 0)
    return enumerated(between.flatMap(([, news]) => news))
}

function difference(expected, held) {
    if (compare(held, expected) < 0) {
        const lack = broughtAfter(held, expected) || `what ${expected} brought`
        return `which lacks ${lack}: use an image that holds ${expected}, or set Image.release to what this one holds`
    }
    const news = broughtAfter(expected, held)
    return (
        `which is newer${news ? ` and brings ${news}` : ''}: set Image.release to what it holds, or use an image that holds ` +
        `${expected}, which may not start any more once ${held} has migrated the database`
    )
}

// What the image's content and the manifest disagree on, in one line; undefined where they agree.
function releaseFault(flowise, env) {
    const expected = env.GATE_FLOWISE_RELEASE
    if (!expected) return undefined
    const tag = env.GATE_IMAGE_TAG
    const claim = tag ? `the image is tagged ${tag} and` : `the manifest is made for Flowise ${expected} and the image`
    if (!numbers(flowise.version)) {
        const file = path.join(flowise.root, 'package.json')
        return `${claim} doesn't tell which Flowise it holds: ${file} names no release`
    }
    if (compare(flowise.version, expected) === 0) return undefined
    return `${claim} holds Flowise ${flowise.version}, ${difference(expected, flowise.version)}`
}

module.exports = { BROUGHT, releaseFault }
