'use strict'

const http = require('http')
const os = require('os')
const { findFlowise } = require('./flowise-package')
const { judge } = require('./main-connections')
const { readState, writeState } = require('./probe-state')
const { establishedSockets, findListener, startTime } = require('./process-sockets')
const { redisAddress, withRedis } = require('./redis-options')
const { seenPort } = require('./redis-port')

const PING_MS = 8000
const REDIS_MS = 2000
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
async function lostConnections(port) {
    const pid = findListener(port)
    const owner = `${pid}@${pid === undefined ? 'unknown' : startTime(pid)}`
    const previous = readState(STATE, owner) || {}
    const address = redisAddress(process.env)
    const redisPort = previous.redisPort || (await seenPort(address, REDIS_MS))
    const ports = establishedSockets(pid)
        .filter((socket) => socket.remotePort === (redisPort || address.port))
        .map((socket) => socket.localPort)
    const { state, healthy, lost } = await judge(previous.connections, ports, os.uptime(), redisAnswers)
    writeState(STATE, owner, { redisPort, connections: state })
    if (healthy) return undefined
    return `${lost} of ${state.expected} connections to redis were lost and did not come back (FlowiseAI/Flowise#5126)`
}

async function main() {
    const address = httpAddress(process.env)
    const counted = process.env.MODE === 'queue' ? lostConnections(address.port).catch((error) => void process.stderr.write(`${error.message}\n`)) : undefined
    return (await ping(address)) || (await counted)
}

main().then((fault) => (fault ? finish(1, fault) : finish(0, 'alive')))
