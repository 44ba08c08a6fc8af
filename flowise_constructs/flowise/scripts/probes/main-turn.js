'use strict'

// Mains whose probes fail go one after the other: the one that is to be restarted holds a lease in the deployment's
// Redis until it serves again. The key is among those of the queue, so that an ACL that lets the queue work lets it pass.

const os = require('os')
const { withRedis } = require('./redis-options')

// The last failed probe, the grace period, a back-off of 10 s, and the longest boot that was measured (88 s), with room.
const LEASE_MS = 180000

const TAKE = `
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then return holder end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return ARGV[1]`
const GIVE = `
    if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
    return 'OK'`

function keyOf(env) {
    return `bull:${env.QUEUE_NAME || 'flowise-queue'}-main:restarting`
}

// Takes the lease, or makes it last if it is this pod's own; the pod that holds it now.
function take(client, env, pod = os.hostname(), milliseconds = LEASE_MS) {
    return client.eval(TAKE, 1, keyOf(env), pod, milliseconds)
}

function give(client, env, pod = os.hostname()) {
    return client.eval(GIVE, 1, keyOf(env), pod)
}

// undefined: it is this pod's turn. Else whom it waits for.
// Where Redis refuses the lease (an ACL, no memory left, a replica) the pod goes without: two mains that are away for a
// minute cost less than one whose predictions hang for ever. Where Redis doesn't answer it waits, since a restart
// wouldn't bring a connection back.
async function waitsFor(Redis, env, timeoutMs) {
    try {
        const holder = await withRedis(Redis, env, timeoutMs, (client) => take(client, env))
        return holder === os.hostname() ? undefined : holder
    } catch (error) {
        return error.name === 'ReplyError' ? undefined : 'Redis'
    }
}

// Whether there is nothing more to give back. Redis that doesn't answer is told later.
async function endTurn(Redis, env, timeoutMs) {
    try {
        return (await withRedis(Redis, env, timeoutMs, (client) => give(client, env))) === 'OK'
    } catch (error) {
        return error.name === 'ReplyError'
    }
}

module.exports = { endTurn, keyOf, waitsFor }
