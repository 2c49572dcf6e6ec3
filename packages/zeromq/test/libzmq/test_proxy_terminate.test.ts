// libzmq: test_proxy_terminate
import { expect } from 'vitest'
import { across, text } from './kit.ts'

// A native proxy whose sockets are closed under it, as a failing test does, aborts the process.
const oursBinds = 'the native proxy aborts its process'

across(
  'a proxy that is told to terminate ends, and its sockets with it',
  { over: ['tcp', 'inproc'], oursBinds },
  async ({ a, b, add, bind }) => {
    const front = add(new a.Router())
    const back = add(new a.Dealer())
    front.receiveTimeout = back.receiveTimeout = -1
    const endpoint = await bind(front)
    const workersAt = await bind(back)
    const client = add(new b.Request())
    const worker = add(new b.Reply())
    const proxy = new a.Proxy(front, back)
    const running = proxy.run()
    client.connect(endpoint)
    worker.connect(workersAt)
    await client.send('through')
    expect(await text(worker)).toEqual(['through'])

    proxy.terminate()
    await running

    expect([front.closed, back.closed]).toEqual([true, true])
  },
)
