import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { terminate } from '../../src/extra.ts'
import * as zmq from '../../src/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Until it is so: what nobody refers to is found in a turn of its own. */
async function collected(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (isSo()) return
    collect()
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  expect.unreachable('it was not collected')
}

test('sockets that nobody refers to any more are closed, and what they had sent is delivered', async () => {
  const context = new zmq.Context({ maxSockets: 2 })
  const pull = new zmq.Pull({ context })
  await pull.bind('tcp://127.0.0.1:*')
  const sent = (text: string): boolean => {
    try {
      const push = new zmq.Push({ context })
      push.connect(pull.lastEndpoint!)
      return push.trySend(text)
    } catch {
      // The one before has not been found yet.
      return false
    }
  }

  const got: string[] = []
  for (let i = 0; i < 5; i++) {
    await collected(() => sent(String(i)))
    got.push(String(await pull.receive()))
  }

  expect(got).toEqual(['0', '1', '2', '3', '4'])
  pull.close()
  let ended = false
  void terminate(context).then(() => (ended = true))
  await collected(() => ended)
})

test('a socket that is iterated, waited for or listened to is not closed, whoever refers to it', async () => {
  const seen: string[] = []
  const start = async (): Promise<string> => {
    const iterated = new zmq.Pull()
    await iterated.bind('tcp://127.0.0.1:*')
    void (async () => {
      for await (const [frame] of iterated) seen.push(String(frame))
    })()
    return iterated.lastEndpoint!
  }
  const push = new zmq.Push({ linger: 0 })
  push.connect(await start())

  for (let i = 0; i < 20; i++) {
    collect()
    await push.send(String(i))
    await new Promise(resolve => setTimeout(resolve, 2))
  }

  await collected(() => seen.length === 20)
  push.close()
})
