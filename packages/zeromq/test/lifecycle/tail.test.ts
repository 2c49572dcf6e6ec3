import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { setOption, terminate } from '../../src/extra.ts'
import * as zmq from '../../src/index.ts'

const path = join(tmpdir(), `millrace-tail-${process.pid}`)
const ways = [
  { over: 'tcp://127.0.0.1:*', reads: 'direct' },
  { over: 'tcp://127.0.0.1:*', reads: 'data' },
  { over: `ipc://${path}`, reads: 'direct' },
  { over: `ipc://${path}`, reads: 'data' },
  { over: 'ws://127.0.0.1:*', reads: 'direct' },
  { over: 'ws://127.0.0.1:*', reads: 'data' },
]

test.each(ways)('who is at its mark when the sender goes still gets all of it: $over, $reads reads', async way => {
  const { over, reads } = way
  const pull = new zmq.Pull({ receiveHighWaterMark: 10 })
  setOption(pull, 'reads', reads)
  await pull.bind(over)
  const gone = new Promise(resolve => pull.events.on('disconnect', resolve))
  const context = new zmq.Context()
  const push = new zmq.Push({ context })
  push.connect(pull.lastEndpoint!)
  for (let i = 0; i < 500; i++) await push.send(`message ${i}`)
  push.close()
  await terminate(context)
  // All of it is with the kernel, and the end of the connection comes soon or is here.
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))

  for (let i = 0; i < 500; i++) expect(String(await pull.receive())).toBe(`message ${i}`)

  await gone
  pull.close()
  rmSync(path, { force: true })
})
