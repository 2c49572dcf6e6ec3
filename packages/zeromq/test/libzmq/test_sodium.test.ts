// libzmq: test_sodium
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { curvePublicKey, z85Decode } from '@millrace/zeromq/extra'
import { across, each } from './kit.ts'

each('a key pair is forty letters each, and new each time', ({ a }) => {
  const [one, two] = [a.curveKeyPair(), a.curveKeyPair()]

  for (const key of [one.publicKey, one.secretKey]) expect(key).toMatch(/^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/)
  expect(one.secretKey).not.toBe(two.secretKey)
})

across('the public key of a secret key is that of its pair', async ({ a, b }) => {
  for (const zmq of [a, b]) {
    const { publicKey, secretKey } = zmq.curveKeyPair()

    expect(curvePublicKey(secretKey)).toBe(publicKey)
  }
  await Promise.resolve()
})

test('the keys of the manual belong together, as another X25519 says too', () => {
  const secret = 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6'
  const publicKey = 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), Buffer.from(z85Decode(secret))])
  const oracle = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
    .export({ format: 'der', type: 'spki' })
    .subarray(-32)

  expect(curvePublicKey(secret)).toBe(publicKey)
  expect(Buffer.from(z85Decode(publicKey))).toEqual(oracle)
})

test('a secret key that is none is refused', () => {
  for (const key of ['', 'short', '"'.repeat(40), '#'.repeat(40)]) expect(() => curvePublicKey(key)).toThrow()
})
