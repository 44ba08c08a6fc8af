'use strict'

// How a rotation ends that did not succeed. Each knows its exit code, and says what became of the data.

const { GateError } = require('./gate-failures')

const UNCHANGED = 'nothing was changed'

// So that waiting ends with it.
class Failure extends GateError {
    constructor(text, code = 1) {
        super(`FAILED ${text}; ${UNCHANGED}`)
        this.code = code
    }
}

class Refusal extends Failure {
    constructor(text) {
        super('', 2)
        this.message = `REFUSED: ${text}; ${UNCHANGED}`
    }
}

class Unknown extends Failure {
    constructor(text) {
        super('', 3)
        this.message = `UNKNOWN: the connection was lost while committing (${text}): either all or nothing was changed; run it again, which finishes it`
    }
}

module.exports = { Failure, Refusal, Unknown }
