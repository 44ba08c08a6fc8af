'use strict'

const http = require('http')
const os = require('os')
const { findFlowise } = require('./flowise-package')
const { judge } = require('./main-connections')
const { endTurn, waitsFor } = require('./main-turn')
const { readState, writeState } = require('./probe-state')
const { establishedSockets, findListener, startTime } = require('./process-sockets')
const { redisAddress, withRedis } = require('./redis-options')
const { seenPort } = require('./redis-port')

const PING_MS = 8000
const REDIS_MS = 2000
const ANNOUNCE_MS = 1000
const STATE = 'main-alive'

function finish(code, text) {
    process[code === 0 ? 'stdout' : 'stderr'].write(`${text}\n`, () => process.exit(code))
}

function httpAddress(env) {
    const anywhere = !env.HOST || ['0.0.0.0', '::'].includes(env.HOST)
    return { host: anywhere ? '127.0.0.1' : env.HOST, port: parseInt(env.PORT || '3000', 10) || 3000 }
}

function ping({ host, port }) {
    return new Promise((resolve) => {
        const request = http.get({ host, port, path: '/api/v1/ping', agent: false }, (response) => {
            let body = ''
            response.setEncoding('utf8')
            response.on('data', (chunk) => (body += chunk))
            response.on('end', () => resolve(response.statusCode === 200 && body === 'pong' ? undefined : `ping: unexpected answer, status ${response.statusCode}`))
        })
        request.setTimeout(PING_MS, () => request.destroy(new Error(`no answer within ${PING_MS / 1000} s`)))
        request.on('error', (error) => resolve(`ping: ${error.message}`))
    })
}

async function redisAnswers() {
    try {
        const Redis = findFlowise().require('ioredis')
        return (await withRedis(Redis, process.env, REDIS_MS, (client) => client.ping())) === 'PONG'
    } catch {
        return false
    }
}

// Only what is counted needs a readable process and a writable /tmp; without them ping alone decides.
async function countConnections(port) {
    const pid = findListener(port)
    const owner = `${pid}@${pid === undefined ? 'unknown' : startTime(pid)}`
    const previous = readState(STATE, owner) || { turn: true }
    const address = redisAddress(process.env)
    const redisPort = previous.redisPort || (await seenPort(address, REDIS_MS))
    const ports = establishedSockets(pid)
        .filter((socket) => socket.remotePort === (redisPort || address.port))
        .map((socket) => socket.localPort)
    const verdict = await judge(previous.connections, ports, os.uptime(), redisAnswers)
    const keep = (turn) => writeState(STATE, owner, { redisPort, connections: verdict.state, turn })
    return { ...verdict, keep, turn: previous.turn }
}

// A process that has just started may be the one whose restart the others wait for.
async function lostConnections(port) {
    const { state, healthy, lost, keep, turn } = await countConnections(port)
    const Redis = turn || !healthy ? findFlowise().require('ioredis') : undefined
    if (healthy) return void keep(turn && !(await endTurn(Redis, process.env, REDIS_MS)))
    const other = await waitsFor(Redis, process.env, REDIS_MS)
    keep(other === undefined)
    const text = `${lost} of ${state.expected} connections to redis were lost and did not come back (FlowiseAI/Flowise#5126)`
    return { text, other }
}

// Who hangs serves nobody, and waits for nobody; those that still serve wait for it.
async function announce() {
    await waitsFor(findFlowise().require('ioredis'), process.env, ANNOUNCE_MS)
}

async function main() {
    const address = httpAddress(process.env)
    const queued = process.env.MODE === 'queue'
    const counted = queued ? lostConnections(address.port).catch((error) => void process.stderr.write(`${error.message}\n`)) : undefined
    const hung = await ping(address)
    if (hung) {
        if (queued) await announce().catch(() => undefined)
        return finish(1, hung)
    }
    const fault = await counted
    if (!fault) return finish(0, 'alive')
    if (fault.other) return finish(0, `alive, and waits for ${fault.other}: ${fault.text}`)
    return finish(1, fault.text)
}

main()
