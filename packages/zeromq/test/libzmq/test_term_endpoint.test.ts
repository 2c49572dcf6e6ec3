// libzmq: test_term_endpoint
import { expect } from 'vitest'
import { across, Events, fill, text } from './kit.ts'

const over = { over: ['tcp', 'ipc'] } as const

across('after its peer unbound a bound-to PUSH that bound takes no more', over, async ({ a, b, add, bind }) => {
  const push = add(new a.Push())
  const pull = add(new b.Pull())
  const endpoint = await bind(push)
  pull.connect(endpoint)
  await push.send('ABC')
  expect(await text(pull)).toEqual(['ABC'])

  await push.unbind(endpoint)

  await expect.poll(() => fill(push, 'DEF', 1)).toBe(0)
})

across('after it disconnected a PUSH takes no more', over, async ({ a, b, add, bind }) => {
  const pull = add(new a.Pull())
  const push = add(new b.Push())
  const endpoint = await bind(pull)
  push.connect(endpoint)
  await push.send('ABC')
  expect(await text(pull)).toEqual(['ABC'])

  push.disconnect(endpoint)

  await expect.poll(() => fill(push, 'DEF', 1)).toBe(0)
})

across(
  'what is bound with a wildcard is unbound by the last endpoint',
  over,
  async ({ a, b, add, fresh, transport }) => {
    const push = add(new a.Push())
    const events = new Events(push)
    await push.bind(transport === 'tcp' ? 'tcp://127.0.0.1:*' : fresh())
    const endpoint = push.lastEndpoint ?? ''

    await push.unbind(endpoint)
    await events.next('close')
    const again = add(new b.Push())

    await again.bind(endpoint)
  },
)

across('a wildcard is no address to unbind', async ({ a, add }) => {
  const push = add(new a.Push())
  await push.bind('tcp://127.0.0.1:*')

  await expect((async () => push.unbind('tcp://127.0.0.1:*'))()).rejects.toMatchObject({ code: 'ENOENT' })
})

across('an endpoint that was never connected is ENOENT', async ({ a, add }) => {
  const push = add(new a.Push())

  expect(() => push.disconnect('tcp://127.0.0.1:9')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
})
