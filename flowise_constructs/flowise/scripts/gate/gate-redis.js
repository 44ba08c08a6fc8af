'use strict'

const { redisAddress, withRedis } = require('./redis-options')
const { GateError } = require('./gate-failures')
const { waitFor, withTimeout } = require('./gate-waiting')

function target(env) {
    try {
        const { host, port } = redisAddress(env)
        const tls = env.REDIS_URL ? env.REDIS_URL.startsWith('rediss:') : env.REDIS_TLS === 'true'
        return `redis at ${host}:${port}${tls ? ' (TLS)' : ''}`
    } catch {
        throw new GateError('REDIS_URL is no URL')
    }
}

async function waitForRedis(flowise, env, deadline, say) {
    const Redis = flowise.require('ioredis')
    const ping = (ms) => withTimeout(withRedis(Redis, env, ms, (client) => client.ping()), ms)
    await waitFor(target(env), ping, deadline, say)
}

module.exports = { waitForRedis }
