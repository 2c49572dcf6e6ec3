import { inspect } from 'node:util'
import { connect } from 'millrace/connect'
import { expect, test } from 'vitest'
import { zeromq } from '../../src/pubsub.ts'

const bad = expect.objectContaining({ code: 'BAD_OPTION' })

test.each([
  'zmq+tcp://127.0.0.1:5555',
  'zmq+tcp://[::1]:5555?pattern=acked',
  'zmq+tcp://*:*?bind=1',
  'zmq+tcp://127.0.0.1:0?bind=subscriber',
  'zmq+tcp://127.0.0.1:0;host:5555',
  'zmq+ipc:///tmp/x',
  'zmq+ipc://@abstract',
  'zmq+inproc://name',
  'zmq+ws://host:80/path',
])('%s is read', url => {
  expect(() => zeromq({ url })).not.toThrow()
})

test.each([
  'zmq+tcp://',
  'zmq+tcp://:5555',
  'zmq+tcp://host',
  'zmq+tcp://host:',
  'zmq+tcp://host:99999',
  'zmq+tcp://host:0',
  'zmq+tcp://host:*',
  'zmq+tcp://*:5555',
  'zmq+tcp://::1:5555',
  'zmq+tcp://host:99999?bind=1',
  'zmq+tcp://host:5555/secret',
  'zmq+tcp://secret@host:5555',
  'zmq+tcp://me:secret@host:5555',
  'zmq+tcp://me:secret@host:5555?bind=1',
  'zmq+tcp://me:secret@host:5555?bind=2',
  'zmq+tcp://me:secret@host:5555?colour=red',
  'zmq+tcp://me:secret@host:5555?pattern=other',
  'zmq+ws://me:secret@host:80',
  'zmq+wss://host:99999/',
  'zmq+ipc://',
  'zmq+inproc://',
  'http://me:secret@host',
  '',
])('%s is BAD_OPTION, also to connect(), and nothing of the error shows the password', async url => {
  let thrown: unknown
  try {
    zeromq({ url })
  } catch (error) {
    thrown = error
  }

  expect(thrown).toMatchObject({ code: 'BAD_OPTION' })
  expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('secret')
  if (url.startsWith('zmq'))
    await expect(connect(url, { adapters: { zeromq: zeromq as never } })).rejects.toMatchObject({ code: 'BAD_OPTION' })
})

test.each([
  [undefined],
  [{}],
  [{ url: 5 }],
  [{ endpoint: 5 }],
  [{ endpoint: 'host:5555' }],
  [{ endpoint: 'tcp://host' }],
  [{ endpoint: 'tcp://host:5555', url: 'zmq+tcp://host:5555' }],
  [{ endpoint: 'tcp://host:5555', patern: 'acked' }],
  [{ endpoint: 'tcp://host:5555', pattern: 'aked' }],
  [{ endpoint: 'tcp://host:5555', bind: 'publisher' }],
  [{ endpoint: 'tcp://host:5555', bind: 1 }],
  [{ endpoint: 'tcp://host:5555', pattern: 'acked', bind: 'subscriber' }],
  [{ endpoint: 'tcp://host:5555', highWaterMark: -1 }],
  [{ endpoint: 'tcp://host:5555', highWaterMark: 1.5 }],
  [{ endpoint: 'tcp://host:5555', highWaterMark: 0, pattern: 'acked' }],
])('%j is BAD_OPTION', options => {
  expect(() => zeromq(options as never)).toThrow(bad)
})

test('an option that is undefined leaves what the URL says', () => {
  const { capabilities } = zeromq({ url: 'zmq+tcp://host:5555?pattern=acked', pattern: undefined } as never)

  expect(capabilities.settles).toBe('sent')
})

test('an option of subscribe that there is not is BAD_OPTION', async () => {
  await using broker = zeromq({ url: 'zmq+inproc://subscribe-options?bind=1' })

  await expect(broker.subscribe('t', { prefecth: 5 } as never)).rejects.toMatchObject({ code: 'BAD_OPTION' })
})
