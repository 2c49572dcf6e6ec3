// A program for exit.test.ts: `node program.ts <package> <shape> <endpoint of a PULL>`.
import { createRequire } from 'node:module'
import type * as Zmq from '../../src/index.ts'

const [which, shape, sink] = process.argv.slice(2) as [string, string, string]
const zmq: typeof Zmq =
  which === 'native' ? (createRequire(import.meta.url)('zeromq') as typeof Zmq) : await import('../../src/index.ts')

/** Nobody listens there. */
const NOBODY = 'tcp://127.0.0.1:9'

const SHAPES: Readonly<Record<string, () => unknown>> = {
  'a socket that was made': () => new zmq.Push(),
  'a socket that is bound': () => new zmq.Pull().bind('tcp://127.0.0.1:*'),
  'a socket that connects to nobody': () => new zmq.Push().connect(NOBODY),
  'a socket that is connected and idle': async () => {
    const push = new zmq.Push()
    push.connect(sink)
    await push.send('hello')
  },
  'a message for nobody, lingering for ever': async () => {
    const push = new zmq.Push()
    push.connect(NOBODY)
    await push.send('x')
  },
  'a message for nobody, not lingering': async () => {
    const push = new zmq.Push({ linger: 0 })
    push.connect(NOBODY)
    await push.send('x')
  },
  'a message for nobody, lingering shortly': async () => {
    const push = new zmq.Push({ linger: 200 })
    push.connect(NOBODY)
    await push.send('x')
  },
  'a receive that waits': async () => {
    const pull = new zmq.Pull()
    await pull.bind('tcp://127.0.0.1:*')
    await pull.receive()
  },
  'an event that is waited for': async () => {
    const pull = new zmq.Pull()
    await pull.bind('tcp://127.0.0.1:*')
    await pull.events.receive()
    await pull.events.receive()
  },
  'a listener for an event': async () => {
    const pull = new zmq.Pull()
    await pull.bind('tcp://127.0.0.1:*')
    await new Promise(resolve => pull.events.on('accept', resolve))
  },
  'a listener for an event, of a socket that is closed': async () => {
    const pull = new zmq.Pull()
    pull.events.on('accept', () => {})
    await pull.bind('tcp://127.0.0.1:*')
    pull.close()
  },
  'a send that waits': async () => {
    const push = new zmq.Push()
    await push.bind('tcp://127.0.0.1:*')
    await push.send('x')
  },
  'a closed socket with a message for nobody, lingering shortly': async () => {
    const push = new zmq.Push({ linger: 100 })
    push.connect(NOBODY)
    await push.send('x')
    push.close()
  },
}

process.send?.('begins')
await SHAPES[shape]!()
process.send?.('ran')
process.disconnect?.()
