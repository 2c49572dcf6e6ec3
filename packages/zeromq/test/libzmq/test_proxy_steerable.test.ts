// libzmq: test_proxy_steerable
import { expect } from 'vitest'
import { steer } from '@millrace/zeromq/extra'
import { each, nothing, text } from './kit.ts'

each('a proxy pauses, resumes and terminates as it is told', { over: ['tcp', 'inproc'] }, async ({ a, add, bind }) => {
  const front = add(new a.Router())
  const back = add(new a.Dealer())
  front.receiveTimeout = back.receiveTimeout = -1
  const endpoint = await bind(front)
  const workersAt = await bind(back)
  const client = add(new a.Dealer())
  const worker = add(new a.Dealer())
  const proxy = new a.Proxy(front, back)
  const running = proxy.run()
  client.connect(endpoint)
  worker.connect(workersAt)
  await client.send('one')
  expect((await worker.receive()).at(-1)?.toString()).toBe('one')

  proxy.pause()
  await client.send('two')
  await nothing(worker)
  proxy.resume()

  expect((await worker.receive()).at(-1)?.toString()).toBe('two')
  proxy.terminate()
  await running
})

each(
  'a proxy counts what went through, and shows it to a third',
  { oursOnly: 'the v6 API has no statistics', over: ['tcp', 'inproc'] },
  async scene => {
    const { a, add, bind } = scene
    const front = add(new a.Router())
    const back = add(new a.Dealer())
    const capture = add(new a.Push())
    const captured = add(new a.Pull())
    captured.connect(await bind(capture))
    front.receiveTimeout = back.receiveTimeout = -1
    const client = add(new a.Request())
    const worker = add(new a.Reply())
    client.connect(await bind(front))
    worker.connect(await bind(back))
    const proxy = steer(front as never, back as never, { capture: capture as never })
    const running = proxy.run()

    for (let turn = 0; turn < 10; turn++) {
      await client.send('request')
      expect(await text(worker)).toEqual(['request'])
      await worker.send('a reply')
      expect(await text(client)).toEqual(['a reply'])
    }

    const { frontEnd, backEnd } = proxy.statistics()
    expect([frontEnd.received.messages, frontEnd.sent.messages]).toEqual([10, 10])
    expect([backEnd.received.messages, backEnd.sent.messages]).toEqual([10, 10])
    expect(frontEnd.received.bytes).toBe(10 * (5 + 0 + 7))
    expect(backEnd.received.bytes).toBe(10 * (5 + 0 + 7))
    expect((await text(captured)).slice(1)).toEqual(['', 'request'])
    expect((await text(captured)).slice(1)).toEqual(['', 'a reply'])
    proxy.terminate()
    await running
  },
)
