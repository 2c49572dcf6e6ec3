// libzmq: test_ctx_destroy
import { expect } from 'vitest'
import { shutdown, terminate } from '@millrace/zeromq/extra'
import { attend, each } from './kit.ts'

const oursOnly = 'the v6 API cannot terminate a context'

each('closing a socket ends what waits on it', async ({ a, add, bind }) => {
  const socket = add(new a.Pull())
  await bind(socket)
  const waiting = attend(socket)

  socket.close()

  expect(await waiting).toBeUndefined()
  expect(() => socket.receive()).toThrow(expect.objectContaining({ code: 'EBADF' }))
})

each('terminating a context ends what waits on its sockets, and waits for their close', { oursOnly }, async ({ a }) => {
  const context = new a.Context()
  const socket = new a.Pull({ context })
  await socket.bind('tcp://127.0.0.1:*')
  const waiting = socket.receive().catch((error: { code: string }) => error.code)

  const terminated = terminate(context as never)

  expect(['ETERM', 'EAGAIN']).toContain(await waiting)
  socket.close()
  await terminated
})

each('after a shutdown nothing can be made or waited for', { oursOnly }, async ({ a }) => {
  const context = new a.Context()
  const socket = new a.Pull({ context })
  await socket.bind('tcp://127.0.0.1:*')
  const waiting = socket.receive().catch((error: { code: string }) => error.code)

  shutdown(context as never)

  expect(['ETERM', 'EAGAIN']).toContain(await waiting)
  expect(() => new a.Pull({ context })).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/ETERM|EFAULT/) }),
  )
  socket.close()
})

each('after a shutdown an open socket can only be closed', { oursOnly }, async ({ a }) => {
  const context = new a.Context()
  const socket = new a.Dealer({ context })
  const code = (work: () => Promise<unknown>): Promise<unknown> =>
    Promise.resolve()
      .then(work)
      .catch((error: { code: string }) => error.code)

  shutdown(context as never)

  expect(await code(() => socket.receive())).toBe('ETERM')
  expect(await code(() => socket.send('late'))).toBe('ETERM')
  expect(await code(() => socket.bind('tcp://127.0.0.1:*'))).toBe('ETERM')
  expect(await code(async () => socket.connect('tcp://127.0.0.1:1'))).toBe('ETERM')
  expect(await code(() => socket[Symbol.asyncIterator]().next())).toBe('ETERM')
  socket.close()
  await terminate(context as never)
})

each('a context without sockets terminates at once, and twice', { oursOnly }, async ({ a }) => {
  const context = new a.Context()

  await terminate(context as never)
  await terminate(context as never)
})
