// libzmq: test_socket_options_fuzzer
import { expect } from 'vitest'
import { each, raw } from './kit.ts'
import { TYPES } from '../parity/operations.ts'
import { random, randomOctets } from './random.ts'

each('any option with any value is taken or refused, and the socket goes on', ({ a, add }) => {
  const next = random(7)
  // A descriptor that is no socket of ours, and a monitor's or another process's memory, are not to be played with.
  const untouched = new Set([89])
  for (const type of TYPES) {
    const socket = add(new a[type]())
    const options = raw(socket)
    for (let turn = 0; turn < 400; turn++) {
      const id = next(130)
      if (untouched.has(id)) continue
      const value = [0, 1, -1, 2 ** 31 - 1, next(100_000)][next(5)] ?? 0
      const attempts = [
        () => options.setInt32Option(id, value),
        () => options.setBoolOption(id, next(2) === 1),
        () => options.setInt64Option(id, value),
        () => options.setStringOption(id, randomOctets(next, next(300))),
        () => options.getInt32Option(id),
        () => options.getStringOption(id),
      ]
      try {
        attempts[next(attempts.length)]?.()
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }
    expect(socket.closed).toBe(false)
    socket.linger = 0
  }
})
