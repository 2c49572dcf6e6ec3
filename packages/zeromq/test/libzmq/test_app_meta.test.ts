// libzmq: test_app_meta
import { expect } from 'vitest'
import { each, portOf, raw } from './kit.ts'
import { property, WirePeer } from './wire-peer.ts'

const metadata = 95

each('an application property is announced to the peer', async scene => {
  const { a, add, bind } = scene
  const socket = add(new a.Router())
  raw(socket).setStringOption(metadata, 'X-hello:hello')
  raw(socket).setStringOption(metadata, 'X-connection:primary')
  const peer = await WirePeer.connect(portOf(await bind(socket)), scene)

  const { body } = await peer.handshake('DEALER')

  expect(body.includes(property('X-hello', 'hello'))).toBe(true)
  expect(body.includes(property('X-connection', 'primary'))).toBe(true)
})

for (const malformed of ['-connection:primary', 'X-bla', 'X-conn:', ':hello', 'X-bla:', 'hello'])
  each(`the malformed property ${malformed} is EINVAL`, ({ a, add }) => {
    const socket = add(new a.Router())

    expect(() => raw(socket).setStringOption(metadata, malformed)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  })
