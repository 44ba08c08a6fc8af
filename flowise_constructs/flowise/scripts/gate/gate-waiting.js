'use strict'

const { GateError, describe } = require('./gate-failures')

const ATTEMPT_MS = 5000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2000
const LAST_PAUSE_MS = 200
const HOPELESS_MS = 30000
const PROGRESS_MS = 30000

class Deadline {
    constructor(seconds) {
        this.seconds = seconds
        this.end = Date.now() + seconds * 1000
    }
    remaining() {
        return Math.max(0, this.end - Date.now())
    }
}

function pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms))
}

function withTimeout(promise, ms) {
    let timer
    const timeout = new Promise((_, reject) => {
        const error = Object.assign(new Error(`no answer within ${Math.round(ms / 100) / 10} s`), { code: 'ETIMEDOUT' })
        timer = setTimeout(() => reject(error), ms)
    })
    return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}

// A last attempt that the deadline cut short says less than the one before it.
function clearer(failure, before, ms) {
    return before && ms < ATTEMPT_MS && failure.kind === 'timed out' ? before : failure
}

// Tries until it works, the deadline ends, or a failure that waiting seldom mends has lasted.
async function waitFor(target, attempt, deadline, say) {
    const started = Date.now()
    let told = { at: 0 }
    let last
    let hopelessSince
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
        const ms = Math.max(1, Math.min(ATTEMPT_MS, deadline.remaining()))
        try {
            return await attempt(ms)
        } catch (error) {
            if (error instanceof GateError) throw error
            last = clearer(describe(error), last, ms)
        }
        hopelessSince = last.seldomMended ? hopelessSince || Date.now() : undefined
        if (deadline.remaining() < LAST_PAUSE_MS || (hopelessSince && Date.now() - hopelessSince >= HOPELESS_MS)) {
            throw new GateError(`gave up on ${target} after ${Math.round((Date.now() - started) / 1000)} s: ${last.text}`)
        }
        if (last.kind !== told.kind || Date.now() - told.at >= PROGRESS_MS) {
            say(`waiting for ${target}: ${last.text}`)
            told = { kind: last.kind, at: Date.now() }
        }
        await pause(Math.min(wait, Math.max(LAST_PAUSE_MS, deadline.remaining() - LAST_PAUSE_MS)))
    }
}

module.exports = { Deadline, waitFor, withTimeout }
