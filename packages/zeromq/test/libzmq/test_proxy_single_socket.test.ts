// libzmq: test_proxy_single_socket
import { expect } from 'vitest'
import { across, text } from './kit.ts'

// A native proxy whose sockets are closed under it, as a failing test does, aborts the process.
const oursBinds = 'the native proxy aborts its process'

across('a proxy of a REP with itself echoes', { over: ['tcp', 'inproc'], oursBinds }, async ({ a, b, add, bind }) => {
  const rep = add(new a.Reply())
  rep.receiveTimeout = -1
  const req = add(new b.Request())
  const endpoint = await bind(rep)
  const proxy = new a.Proxy(rep, rep)
  const running = proxy.run()
  req.connect(endpoint)

  for (const message of ['msg1', 'msg22', 'msg333']) {
    await req.send([message, 'part'])
    expect(await text(req)).toEqual([message, 'part'])
  }

  proxy.terminate()
  await running
})
