'use strict'

// The connection of Flowise's session store, cache and rate limiter (SessionPersistance, CachePool, rateLimit).
// They verify certificates; BullMQ skips that with a rediss:// URL, so what passes here passes there.

function fromBase64(value) {
    return value ? Buffer.from(value, 'base64') : undefined
}

function tlsFromEnv(env) {
    if (env.REDIS_TLS !== 'true') return undefined
    return { cert: fromBase64(env.REDIS_CERT), key: fromBase64(env.REDIS_KEY), ca: fromBase64(env.REDIS_CA) }
}

function redisAddress(env) {
    if (!env.REDIS_URL) return { host: env.REDIS_HOST || 'localhost', port: parseInt(env.REDIS_PORT || '6379', 10) }
    const url = new URL(env.REDIS_URL)
    return { host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost', port: parseInt(url.port || '6379', 10) }
}

function redisClient(Redis, env, timeoutMs) {
    const once = {
        lazyConnect: true,
        connectTimeout: timeoutMs,
        commandTimeout: timeoutMs,
        retryStrategy: null,
        maxRetriesPerRequest: 0,
        enableReadyCheck: false,
        enableOfflineQueue: false
    }
    const client = env.REDIS_URL
        ? new Redis(env.REDIS_URL, once)
        : new Redis({
              ...once,
              ...redisAddress(env),
              username: env.REDIS_USERNAME || undefined,
              password: env.REDIS_PASSWORD || undefined,
              tls: tlsFromEnv(env)
          })
    return client
}

// ioredis tells the cause of a failed connect only by its error event.
async function withRedis(Redis, env, timeoutMs, use) {
    const client = redisClient(Redis, env, timeoutMs)
    let cause
    client.on('error', (error) => (cause = error))
    try {
        await client.connect()
        return await use(client)
    } catch (error) {
        throw cause || error
    } finally {
        client.disconnect()
    }
}

module.exports = { redisAddress, withRedis }
