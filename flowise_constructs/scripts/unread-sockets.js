'use strict'

// A blocked event loop reads nothing: what Redis answers stays in the socket, and each of BullMQ's event readers is
// answered every 10 s at the latest. Live, a socket may hold unread bytes for a moment, but not the same ones.
function observeUnread(previous, sockets, now) {
    const seen = {}
    for (const { localPort, unread } of sockets) {
        if (unread === 0) continue
        const before = previous[localPort]
        seen[localPort] = { unread, since: before && unread >= before.unread ? before.since : now }
    }
    return seen
}

function longestUnread(seen, now) {
    return Math.max(0, ...Object.values(seen).map((entry) => now - entry.since))
}

module.exports = { observeUnread, longestUnread }
