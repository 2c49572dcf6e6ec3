import { expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

const changes: Readonly<Record<string, (memory: ArrayBuffer) => void>> = {
  transferred: memory => void structuredClone(memory, { transfer: [memory] }),
  shrunk: memory => memory.resize(10),
}

test.each(Object.keys(changes))(
  'a large body that is %s before it was sent costs its connection, and not the process',
  async how => {
    const pull = new zmq.Pull()
    await pull.bind('tcp://127.0.0.1:*')
    const push = new zmq.Push({ reconnectInterval: 10 })
    const lost = new Promise(resolve => push.events.on('disconnect', resolve))
    push.connect(pull.lastEndpoint!)

    const memory = new ArrayBuffer(1_000_000, { maxByteLength: 1_000_000 })
    // There is no connection yet: it waits.
    const sending = push.send(['head', new Uint8Array(memory), 'tail'])
    changes[how]!(memory)
    await sending
    await lost
    await push.send('after')

    expect((await pull.receive()).map(String)).toEqual(['after'])
    push.close()
    pull.close()
  },
)
