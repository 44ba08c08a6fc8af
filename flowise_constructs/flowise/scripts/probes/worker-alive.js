'use strict'

const os = require('os')
const { findFlowise } = require('./flowise-package')
const { describe } = require('./gate-failures')
const { readState, writeState } = require('./probe-state')
const { establishedSockets, findFlowiseWorker, startTime } = require('./process-sockets')
const { withRedis } = require('./redis-options')
const { queueNames, registration } = require('./worker-registration')
const { observeUnread } = require('./unread-sockets')

const REDIS_MS = 4000
// BullMQ's event readers ask again every 10 s, idle or busy.
const SILENT_S = 30
const UNREAD_S = 15
const STATE = 'worker-alive'

function finish(code, text) {
    process[code === 0 ? 'stdout' : 'stderr'].write(`${text}\n`, () => process.exit(code))
}

async function unreadTooLong(pid, look) {
    const owner = `${pid}@${startTime(pid)}`
    const { seen, seconds } = await observeUnread(readState(STATE, owner) || {}, look, os.uptime())
    writeState(STATE, owner, seen)
    return seconds >= UNREAD_S
}

// Every queue's worker holds four connections at least: queue, events, worker and its blocking one.
function countedRegistration(sockets, queues) {
    return { missing: sockets.length >= 4 * queues.length ? [] : queues, idle: undefined }
}

async function inspect(flowise, pid) {
    const queues = queueNames(flowise, process.env)
    return withRedis(flowise.require('ioredis'), process.env, REDIS_MS, async (client) => {
        await client.ping()
        const own = establishedSockets(process.pid).find((row) => row.localPort === client.stream.localPort)
        const look = () => establishedSockets(pid).filter((row) => own && row.remotePort === own.remotePort && row.localPort !== own.localPort)
        const sockets = look()
        const ports = new Set(sockets.map((socket) => socket.localPort))
        // CLIENT LIST may be forbidden by an ACL or unknown to a proxy.
        const { missing, idle } = await registration(client, ports, queues).catch(() => countedRegistration(sockets, queues))
        return { missing, blocked: idle === undefined ? await unreadTooLong(pid, look) : idle >= SILENT_S }
    })
}

function faultOf({ missing, blocked }) {
    if (missing.length > 0) return `not registered with ${missing.join(', ')}`
    return blocked ? 'event loop blocked: redis heard nothing for a while' : undefined
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
