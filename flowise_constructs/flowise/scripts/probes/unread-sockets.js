'use strict'

// A blocked event loop reads nothing: what Redis answers stays in the socket, and each of BullMQ's event readers is
// answered every 10 s at the latest. A live but busy one may leave bytes unread for a moment, yet reads them soon.
const LOOK_MS = 3000
const PAUSE_MS = 250

function unreadByPort(sockets) {
    return new Map(sockets.filter((socket) => socket.unread > 0).map((socket) => [socket.localPort, socket.unread]))
}

async function leftUnread(look) {
    let left = unreadByPort(look())
    for (let waited = 0; left.size > 0 && waited < LOOK_MS; waited += PAUSE_MS) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
        const now = unreadByPort(look())
        left = new Map([...left].filter(([port, unread]) => (now.get(port) || 0) >= unread).map(([port]) => [port, now.get(port)]))
    }
    return left
}

// look() gives the sockets as they are; kept is what the previous probe returned.
async function observeUnread(kept, look, now) {
    const left = await leftUnread(look)
    const seen = {}
    for (const [port, unread] of left) {
        const before = kept[port]
        seen[port] = { unread, since: before && unread >= before.unread ? before.since : now }
    }
    const seconds = Math.max(0, ...Object.values(seen).map((entry) => now - entry.since))
    return { seen, seconds }
}

module.exports = { observeUnread }
