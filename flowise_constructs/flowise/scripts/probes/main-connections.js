'use strict'

// After a dropped connection some Redis clients of main never reconnect (FlowiseAI/Flowise#5126): node-redis clients
// without an error listener (the usage cache, whose loss hangs every prediction, and the webhook listener's two).
// Everything else is back in about a second, or within BullMQ's longest back-off of 20 s after an outage.
// So: main once held more connections than now, Redis answers, and waiting has not brought them back.

const SETTLED_S = 15
const GRACE_S = 9
const GRACE_AFTER_OUTAGE_S = 18

function firstState(ports, now) {
    return { expected: ports.length, since: Object.fromEntries(ports.map((port) => [port, now - SETTLED_S])) }
}

// A connection counts once it has lasted: short ones of normal use must not raise what is expected.
function observe(previous, ports, now) {
    if (!previous) return firstState(ports, now)
    const since = Object.fromEntries(ports.map((port) => [port, port in previous.since ? previous.since[port] : now]))
    const settled = Object.values(since).filter((first) => now - first >= SETTLED_S).length
    return { ...previous, since, expected: Math.max(previous.expected, settled) }
}

function missing(state) {
    return state.expected - Object.keys(state.since).length
}

// redisAnswers is asked only when connections are missing.
async function judge(previous, ports, now, redisAnswers) {
    const state = observe(previous, ports, now)
    const lost = missing(state)
    if (lost <= 0) return { state: { ...state, lostSince: undefined, outage: false }, healthy: true }
    if (!(await redisAnswers())) return { state: { ...state, lostSince: undefined, outage: true }, healthy: true }
    const lostSince = state.lostSince === undefined ? now : state.lostSince
    const outage = state.outage || lost > state.expected / 2
    const grace = outage ? GRACE_AFTER_OUTAGE_S : GRACE_S
    return { state: { ...state, lostSince, outage }, healthy: now - lostSince < grace, lost }
}

module.exports = { judge }
