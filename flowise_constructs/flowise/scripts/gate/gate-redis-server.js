'use strict'

const { oneLine } = require('./gate-failures')

// BullMQ throws below the first (redis-connection.js: minimumVersion) and advises the second.
const LEAST_VERSION = [5, 0]
const ADVISED_VERSION = [6, 2]
const NEEDED = 'Flowise needs one Redis server that holds all keys and takes writes'

function parseInfo(text) {
    const pairs = text.split(/\r?\n/).map((line) => /^(\w+):(.*)$/.exec(line))
    return Object.fromEntries(pairs.filter(Boolean).map(([, name, value]) => [name, value.trim()]))
}

function isBelow(version, least) {
    const match = /^(\d+)\.(\d+)/.exec(version || '')
    if (!match) return false
    const [major, minor] = match.slice(1).map(Number)
    return major < least[0] || (major === least[0] && minor < least[1])
}

function primaryOf({ master_host: host, master_port: port }) {
    return `${host}:${port}`
}

function versionText({ redis_version: version }, verdict) {
    return `reports Redis ${version}, and Flowise's queue (BullMQ) ${verdict}`
}

function clusterRefusal(proof) {
    return (
        `is a Redis Cluster (${proof}), which can't run the scripts of Flowise's queue, since they use keys of several ` +
        `slots. ${NEEDED}: one with cluster mode disabled`
    )
}

// Dragonfly calls itself a cluster in its emulated mode too, in which scripts may use any keys.
function saysCluster(server) {
    return (server.cluster_enabled === '1' || server.redis_mode === 'cluster') && !server.dragonfly_version
}

// What waiting doesn't mend, or undefined.
function refusalOf(server, scriptError) {
    const answer = scriptError ? oneLine(scriptError.message) : ''
    if (/^(CROSSSLOT|CLUSTERDOWN|MOVED|ASK|TRYAGAIN) /.test(answer)) return clusterRefusal(answer)
    if (saysCluster(server)) return clusterRefusal('INFO says so')
    if (server.redis_mode === 'sentinel') {
        return (
            "is a Redis Sentinel, which holds no data, and Flowise can't ask it for the server. " +
            `${NEEDED}: give that server's own host and port, or a Service that follows it`
        )
    }
    if (server.role === 'slave' && server.slave_read_only !== '0') {
        return `is a read-only replica of ${primaryOf(server)}. ${NEEDED}: give the host and port of the primary`
    }
    if (isBelow(server.redis_version, LEAST_VERSION)) {
        return versionText(server, 'refuses servers below 5.0: use 6.2 or newer')
    }
    return undefined
}

function evictionRemark({ maxmemory, maxmemory_policy: policy }) {
    const lost = policy.startsWith('volatile') ? 'the locks of running jobs' : 'jobs'
    const when = maxmemory === '0' ? 'once a maxmemory is set and used up' : 'when its maxmemory is used up'
    const mend = 'set maxmemory-policy noeviction'
    return `drops keys ${when} (maxmemory-policy ${policy}), among them ${lost} and users' sessions: ${mend}`
}

// What works and is likely not meant.
function remarksOf(server) {
    const remarks = []
    const policy = server.maxmemory_policy
    if (policy && policy !== 'noeviction') remarks.push(evictionRemark(server))
    if (isBelow(server.redis_version, ADVISED_VERSION)) {
        remarks.push(versionText(server, 'is made for 6.2 and newer: update the server'))
    }
    if (server.role === 'slave' && server.slave_read_only === '0') {
        const loss = 'which overwrites what Flowise writes'
        remarks.push(`is a replica of ${primaryOf(server)}, ${loss}: give the host and port of the primary`)
    }
    return remarks
}

function scriptRemark(answer) {
    return `runs no scripts, of which Flowise's queue is made (${answer})`
}

function infoRemark(answer) {
    const mend = answer.startsWith('NOPERM') ? ": allow it, with +info in the user's ACL" : ''
    return `refuses INFO, with which each client of Flowise's queue begins (${answer})${mend}`
}

// As the queue does: INFO, and a script over keys that a cluster keeps in several slots. One round trip.
async function lookAt(client, queue) {
    const keys = ['wait', 'active', 'meta', 'events'].map((name) => `bull:${queue}-prediction:${name}`)
    const [info, script] = await Promise.allSettled([client.info(), client.eval('return 1', keys.length, ...keys)])
    const server = parseInfo(String(info.value || ''))
    const refusal = refusalOf(server, script.reason)
    if (refusal) return { refusal, remarks: [] }
    const remarks = remarksOf(server)
    if (script.reason && !/unknown command/i.test(script.reason.message)) throw script.reason
    if (script.reason) remarks.push(scriptRemark(oneLine(script.reason.message)))
    if (info.reason) remarks.push(infoRemark(oneLine(info.reason.message)))
    return { refusal, remarks }
}

module.exports = { lookAt, parseInfo, refusalOf, remarksOf }
