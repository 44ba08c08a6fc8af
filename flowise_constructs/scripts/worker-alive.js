'use strict'

const os = require('os')
const { findFlowise } = require('./flowise-package')
const { describe } = require('./gate-failures')
const { readState, writeState } = require('./probe-state')
const { establishedSockets, findFlowiseWorker, startTime } = require('./process-sockets')
const { withRedis } = require('./redis-options')
const { queueNames, registration } = require('./worker-registration')
const { longestUnread, observeUnread } = require('./unread-sockets')

const REDIS_MS = 4000
// BullMQ's event readers ask again every 10 s, idle or busy.
const SILENT_S = 30
const STATE = 'worker-alive'

function finish(code, text) {
    process[code === 0 ? 'stdout' : 'stderr'].write(`${text}\n`, () => process.exit(code))
}

function unreadSeconds(pid, sockets) {
    const owner = `${pid}@${startTime(pid)}`
    const seen = observeUnread(readState(STATE, owner) || {}, sockets, os.uptime())
    writeState(STATE, owner, seen)
    return longestUnread(seen, os.uptime())
}

// Every queue's worker holds four connections at least: queue, events, worker and its blocking one.
function countedRegistration(sockets, queues) {
    return { missing: sockets.length >= 4 * queues.length ? [] : queues, idle: undefined }
}

async function inspect(flowise, pid) {
    const queues = queueNames(flowise, process.env)
    return withRedis(flowise.require('ioredis'), process.env, REDIS_MS, async (client) => {
        await client.ping()
        const rows = establishedSockets(process.pid)
        const own = rows.find((row) => row.localPort === client.stream.localPort)
        const sockets = establishedSockets(pid).filter((row) => own && row.remotePort === own.remotePort && row.localPort !== own.localPort)
        const ports = new Set(sockets.map((socket) => socket.localPort))
        // CLIENT LIST may be forbidden by an ACL or unknown to a proxy.
        const found = await registration(client, ports, queues).catch(() => countedRegistration(sockets, queues))
        return { ...found, silent: found.idle === undefined ? unreadSeconds(pid, sockets) : found.idle }
    })
}

function faultOf({ missing, silent }) {
    if (missing.length > 0) return `not registered with ${missing.join(', ')}`
    if (silent >= SILENT_S) return `event loop blocked: nothing said to redis for ${Math.round(silent)} s`
    return undefined
}

async function main() {
    const startup = process.argv[2] === 'startup'
    const pid = findFlowiseWorker()
    try {
        return faultOf(await inspect(findFlowise(), pid))
    } catch (error) {
        // The worker reconnects by itself; a restart would not help. But it has not started before it is registered.
        return startup ? `redis: ${describe(error).text}` : undefined
    }
}

main().then((fault) => (fault ? finish(1, fault) : finish(0, 'alive')))
