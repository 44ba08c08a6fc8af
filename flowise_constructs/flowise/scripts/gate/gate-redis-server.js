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

function clusterRefusal(proof) {
    return (
        `is a Redis Cluster (${proof}), which can't run the scripts of Flowise's queue, since they use keys of several slots. ` +
        `${NEEDED}: one with cluster mode disabled`
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
        return `is a Redis Sentinel, which holds no data, and Flowise can't ask it for the server. ${NEEDED}: give that server's own host and port, or a Service that follows it`
    }
    if (server.role === 'slave' && server.slave_read_only !== '0') {
        return `is a read-only replica of ${server.master_host}:${server.master_port}. ${NEEDED}: give the host and port of the primary`
    }
    if (isBelow(server.redis_version, LEAST_VERSION)) {
        return `reports Redis ${server.redis_version}, and Flowise's queue (BullMQ) refuses servers below ${LEAST_VERSION.join('.')}: use ${ADVISED_VERSION.join('.')} or newer`
    }
    return undefined
}

function evictionRemark({ maxmemory, maxmemory_policy: policy }) {
    const lost = policy.startsWith('volatile') ? 'the locks of running jobs and the sessions of users' : 'jobs and the sessions of users'
    const when = maxmemory === '0' ? 'once it has a maxmemory and that is used up' : 'when its maxmemory is used up'
    return `drops keys ${when} (maxmemory-policy ${policy}), among them ${lost}: set maxmemory-policy noeviction`
}

// What works and is likely not meant.
function remarksOf(server) {
    const remarks = []
    const policy = server.maxmemory_policy
    if (policy && policy !== 'noeviction') remarks.push(evictionRemark(server))
    if (isBelow(server.redis_version, ADVISED_VERSION)) {
        remarks.push(`reports Redis ${server.redis_version}, and Flowise's queue (BullMQ) is made for ${ADVISED_VERSION.join('.')} and newer: update the server`)
    }
    if (server.role === 'slave' && server.slave_read_only === '0') {
        remarks.push(`is a replica of ${server.master_host}:${server.master_port}, which overwrites what Flowise writes: give the host and port of the primary`)
    }
    return remarks
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
    if (script.reason) remarks.push(`runs no scripts, of which Flowise's queue is made (${oneLine(script.reason.message)})`)
    if (info.reason) remarks.push(infoRemark(oneLine(info.reason.message)))
    return { refusal, remarks }
}

module.exports = { lookAt, parseInfo, refusalOf, remarksOf }
