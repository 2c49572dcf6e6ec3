// libzmq: test_setsockopt
import { expect } from 'vitest'
import { each, raw } from './kit.ts'

each('buffer sizes are kept', ({ a, add }) => {
  const socket = add(new a.Pair())
  expect([socket.sendBufferSize, socket.receiveBufferSize]).toEqual([-1, -1])

  socket.sendBufferSize = 16_384
  socket.receiveBufferSize = 16_384

  expect([socket.sendBufferSize, socket.receiveBufferSize]).toEqual([16_384, 16_384])
})

each('a descriptor to use is kept', ({ a, add }) => {
  const socket = add(new a.Pair())
  expect(raw(socket).getInt32Option(89)).toBe(-1)

  raw(socket).setInt32Option(89, 0)

  expect(raw(socket).getInt32Option(89)).toBe(0)
})

each('an option nobody knows is EINVAL, to read and to write', ({ a, add }) => {
  const socket = add(new a.Pair())
  const einval = expect.objectContaining({ code: 'EINVAL' })

  expect(() => raw(socket).setInt32Option(31_337, 1)).toThrow(einval)
  expect(() => raw(socket).getInt32Option(31_337)).toThrow(einval)
  expect(() => raw(socket).setStringOption(31_337, 'x')).toThrow(einval)
})

each('values out of bounds are EINVAL and change nothing', ({ a, add }) => {
  const socket = add(new a.Dealer())
  const einval = expect.objectContaining({ code: 'EINVAL' })
  const attempts: (() => void)[] = [
    () => (socket.linger = -2),
    () => (socket.reconnectInterval = -2),
    () => (socket.reconnectMaxInterval = -1),
    () => (socket.backlog = -1),
    () => (socket.handshakeInterval = -1),
    () => (socket.heartbeatInterval = -1),
    () => (socket.heartbeatTimeout = -1),
    () => (socket.sendHighWaterMark = -1),
    () => (socket.receiveHighWaterMark = -1),
    () => (socket.tcpKeepalive = 2),
    () => (socket.tcpKeepaliveCount = -2),
    () => (socket.multicastHops = 0),
    () => (socket.connectTimeout = -1),
    () => (socket.routingId = ''),
    () => (socket.routingId = 'x'.repeat(256)),
    () => (socket.curveServerKey = 'too short'),
    () => (socket.zapDomain = 'x'.repeat(256)),
  ]

  for (const attempt of attempts) expect(attempt, String(attempt)).toThrow(einval)

  expect([socket.linger, socket.reconnectInterval, socket.sendHighWaterMark]).toEqual([0, 100, 1000])
})
