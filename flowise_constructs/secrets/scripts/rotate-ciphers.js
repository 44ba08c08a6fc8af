'use strict'

// As Flowise encrypts (utils/index, enterprise/utils/encryption.util): JSON, by AES of crypto-js with a passphrase.

const { Refusal } = require('./rotate-failures')

// What Flowise itself makes has 32 characters.
const SHORTEST = 32

function read(fs, file, which) {
    try {
        return fs.readFileSync(file, 'utf8')
    } catch (error) {
        throw new Refusal(`the ${which} key can't be read from ${file}: ${error.code}`)
    }
}

function readKeys(env, fs) {
    const keys = { old: read(fs, env.ROTATION_OLD_KEY_FILE, 'old'), new: read(fs, env.ROTATION_NEW_KEY_FILE, 'new') }
    if (keys.old === '') throw new Refusal('the old key is empty, and Flowise takes an empty one for none: give the key that it has used')
    if (/\s$/.test(keys.new)) throw new Refusal('the new key ends with a line end or a space, which Flowise would take for a part of it: make it without (printf %s, not echo)')
    if (keys.new.length < SHORTEST) throw new Refusal(`the new key has ${keys.new.length} characters: make one of ${SHORTEST} or more, such as openssl rand -hex 32`)
    if (keys.new === keys.old) throw new Refusal('the new key is the old one: make a new one')
    return keys
}

function ciphersOf(flowise, keys) {
    const { AES, enc } = flowise.require('crypto-js')
    // A wrong key gives bytes that are no text, or no JSON.
    const decrypt = (text, key) => {
        try {
            const plain = AES.decrypt(text, key).toString(enc.Utf8)
            JSON.parse(plain)
            return plain
        } catch {
            return undefined
        }
    }
    return {
        withOld: (text) => decrypt(text, keys.old),
        withNew: (text) => decrypt(text, keys.new),
        encrypt: (plain) => AES.encrypt(plain, keys.new).toString()
    }
}

module.exports = { ciphersOf, readKeys }
