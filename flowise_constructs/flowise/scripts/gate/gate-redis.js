'use strict'

const net = require('net')
const tls = require('tls')
const { redisAddress, withRedis } = require('./redis-options')
const { GateError, describe } = require('./gate-failures')
const { lookAt } = require('./gate-redis-server')
const { waitFor, withTimeout } = require('./gate-waiting')

const OTHER_WAY_MS = 1000

function wantsTls(env) {
    return env.REDIS_URL ? env.REDIS_URL.startsWith('rediss:') : env.REDIS_TLS === 'true'
}

function target(env) {
    try {
        const { host, port } = redisAddress(env)
        return `redis at ${host}:${port}${wantsTls(env) ? ' (TLS)' : ''}`
    } catch {
        throw new GateError('REDIS_URL is no URL')
    }
}

// Whether a Redis answers there, be it with an error, when it is spoken to with TLS or in the clear.
function answers({ host, port }, withTls, timeoutMs) {
    return new Promise((resolve) => {
        const options = { host, port, rejectUnauthorized: false, servername: net.isIP(host) ? undefined : host }
        const socket = withTls ? tls.connect(options) : net.connect(options)
        const end = (result) => {
            clearTimeout(timer)
            socket.destroy()
            resolve(result)
        }
        const timer = setTimeout(() => end(false), timeoutMs)
        socket.on('error', () => end(false))
        socket.on('close', () => end(false))
        socket.once('data', (data) => end(/^(\+PONG|-[A-Z]+ )/.test(data.toString('latin1'))))
        socket.write('PING\r\n')
    })
}

// With TLS where the server has none a client waits for an answer, and the other way round it is cut off.
async function refuseOtherWay(env, error, timeoutMs) {
    if (!['connection closed', 'timed out', 'TLS'].includes(describe(error).kind)) return
    const set = wantsTls(env)
    if (!(await answers(redisAddress(env), !set, timeoutMs))) return
    const mend = set ? 'speaks no TLS: leave Redis.tls out, or give a port that does' : 'speaks TLS: set Redis.tls'
    throw new GateError(`${target(env)} ${mend}`)
}

async function waitForRedis(flowise, env, deadline, say) {
    const Redis = flowise.require('ioredis')
    const queue = env.QUEUE_NAME || 'flowise-queue'
    const look = async (ms) => {
        try {
            return await withTimeout(withRedis(Redis, env, ms, (client) => lookAt(client, queue)), ms)
        } catch (error) {
            await refuseOtherWay(env, error, Math.min(OTHER_WAY_MS, deadline.remaining()))
            throw error
        }
    }
    const { refusal, remarks } = await waitFor(target(env), look, deadline, say)
    if (refusal) throw new GateError(`${target(env)} ${refusal}`)
    remarks.forEach((remark) => say(`${target(env)} ${remark}`))
}

module.exports = { waitForRedis }
