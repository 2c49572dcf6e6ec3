// libzmq: test_rebind_ipc
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across('a path that was unbound can be bound again', { over: ['ipc'] }, async ({ a, b, add, fresh }) => {
  const endpoint = fresh()
  const first = add(new a.Push())
  const second = add(new a.Push())
  const one = add(new b.Pull())
  const two = add(new b.Pull())
  await first.bind(endpoint)
  one.connect(endpoint)
  await first.send('42')
  expect(await text(one)).toEqual(['42'])

  await first.unbind(endpoint)
  await second.bind(endpoint)
  two.connect(endpoint)
  one.close()
  await second.send('42')

  expect(await text(two)).toEqual(['42'])
})
