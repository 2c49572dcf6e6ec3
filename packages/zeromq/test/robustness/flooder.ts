/**
 * A peer that does harm, in a process of its own: `flooder.ts KIND PORT [KEY]`.
 * - hello: connects, sends a CURVE HELLO of nonsense, and as soon as it is thrown out comes again, 16 times at once.
 * - more: a frame with MORE after the other, for ever.
 * - loris: 200 connections, each of which sends an octet of its greeting now and then.
 * Says "flooding" once it has begun, and lives until it is killed, its standard input ends, or a minute is over.
 */
import { connect, type Socket } from 'node:net'

const [, , kind = '', port = ''] = process.argv

const greeting = Buffer.alloc(64)
greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1])
greeting.write(kind === 'hello' ? 'CURVE' : 'NULL', 12)

const kinds: Record<string, () => void> = {
  hello() {
    const hello = Buffer.concat([Buffer.of(4, 200), Buffer.from('\x05HELLO'), Buffer.of(1, 0), Buffer.alloc(192, 7)])
    for (let i = 0; i < 16; i++) again(socket => socket.write(Buffer.concat([greeting, hello])))
  },
  more() {
    const ready = Buffer.from('\x04\x19\x05READY\x0bSocket-Type\0\0\0\x04PUSH', 'latin1')
    ready[1] = ready.length - 2
    const frames = Buffer.concat(Array.from({ length: 4096 }, () => Buffer.of(1, 16, ...Buffer.alloc(16))))
    again(socket => {
      socket.write(Buffer.concat([greeting, ready]))
      const pour = (): void => {
        while (socket.write(frames));
      }
      socket.on('drain', pour)
      pour()
    })
  },
  loris() {
    for (let i = 0; i < 200; i++) {
      again(socket => {
        let at = 0
        const timer = setInterval(() => socket.write(greeting.subarray(at, ++at)), 100)
        socket.on('close', () => clearInterval(timer))
      })
    }
  },
}

const flood = kinds[kind]
if (flood === undefined) throw new Error(`no flood of '${kind}'`)
flood()
// Whoever started it may have been killed: it never outlives that for long.
process.stdin.on('end', () => process.exit()).resume()
setTimeout(() => process.exit(), 60_000)
process.stdout.write('flooding\n')

function again(misbehave: (socket: Socket) => void): void {
  const socket = connect(Number(port), '127.0.0.1', () => misbehave(socket))
  socket.on('error', () => {})
  socket.on('close', () => setImmediate(again, misbehave))
  socket.resume()
}
