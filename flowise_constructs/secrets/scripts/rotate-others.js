'use strict'

// Flowise must be stopped: a pod with the old key would go on to write with it, and could not read what has the new one.

const http = require('http')
const { Refusal } = require('./rotate-failures')

const ANSWER_MS = 3000
const PAUSE_MS = 2000
const MEND = 'stop Flowise first, Main(replicas=0) and Worker(replicas=0), or kubectl scale'

// SQLite knows no sessions, and Flowise holds no lock while it is idle: so main's Service is asked too.
function mainAnswers(url) {
    return new Promise((resolve) => {
        const request = http.get(url, { timeout: ANSWER_MS }, (response) => {
            response.resume()
            resolve(response.statusCode === 200)
        })
        request.on('timeout', () => request.destroy())
        request.on('error', () => resolve(false))
    })
}

async function othersOf(session, env) {
    const sessions = await session.others()
    const first = sessions[0]
    if (sessions.length > 0) return `${sessions.length} other session${sessions.length > 1 ? 's are' : ' is'} connected as ${env.DATABASE_USER}${first.address ? `, one from ${first.address}` : ''}`
    return (await mainAnswers(env.ROTATION_MAIN_URL)) ? `main answers at ${env.ROTATION_MAIN_URL}` : undefined
}

async function refuseOthers(session, env) {
    const others = await othersOf(session, env)
    if (others) throw new Refusal(`Flowise runs: ${others}: ${MEND}`)
}

async function awaitQuiet(session, env, deadline, say) {
    let told
    while (deadline.remaining() > 0) {
        const others = await othersOf(session, env)
        if (!others) return
        if (others !== told) say(`waiting for Flowise to stop: ${others}`)
        told = others
        await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MS, deadline.remaining())))
    }
    await refuseOthers(session, env)
}

module.exports = { awaitQuiet, refuseOthers }
