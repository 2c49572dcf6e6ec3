import { expect, test } from 'vitest'
import { decodeReply, encodeQuestion, Zap, type Admission, type ZapLine } from '../src/zap.ts'
import { encodeMetadata } from '../src/wire/metadata.ts'

const WHO = { domain: 'd', address: '1.2.3.4', identity: Buffer.from('id') }
const REQUEST = { mechanism: 'PLAIN', credentials: [Buffer.from('user'), Buffer.from('pass')] } as const

function reply(...frames: string[]): Uint8Array[] {
  return frames.map(frame => Buffer.from(frame, 'latin1'))
}

test('a question has the frames of RFC 27', () => {
  const frames = encodeQuestion({ ...WHO, ...REQUEST }).map(String)

  expect(frames).toEqual(['', '1.0', '1', 'd', '1.2.3.4', 'id', 'PLAIN', 'user', 'pass'])
})

test('a reply of 200 carries the user and properties', () => {
  const metadata = encodeMetadata([['Hello', Buffer.from('World')]])

  const verdict = decodeReply([...reply('', '1.0', '1', '200', 'OK', 'anne'), metadata])

  expect(verdict).toEqual({
    is: 'reply',
    status: 200,
    userId: 'anne',
    metadata: new Map([['Hello', new Uint8Array(Buffer.from('World'))]]),
  })
})

test.each(['300', '400', '500'] as const)('a reply of %s refuses', status => {
  expect(decodeReply(reply('', '1.0', '1', status, 'why', '', ''))).toEqual({
    is: 'reply',
    status: Number(status),
    text: 'why',
  })
})

test.each([
  ['ZAP_MALFORMED_REPLY', ['', '1.0', '1', '200', '', '']],
  ['ZAP_MALFORMED_REPLY', ['', '1.0', '1', '200', '', '', '', '']],
  ['ZAP_MALFORMED_REPLY', ['x', '1.0', '1', '200', '', '', '']],
  ['ZAP_BAD_VERSION', ['', '2.0', '1', '200', '', '', '']],
  ['ZAP_BAD_REQUEST_ID', ['', '1.0', '2', '200', '', '', '']],
  ['ZAP_INVALID_STATUS_CODE', ['', '1.0', '1', '201', '', '', '']],
  ['ZAP_INVALID_STATUS_CODE', ['', '1.0', '1', '', '', '', '']],
  ['ZAP_INVALID_METADATA', ['', '1.0', '1', '200', '', '', '\x05Hello']],
])('%s is told for %j', (error, frames) => {
  expect(decodeReply(reply(...frames))).toEqual({ is: 'invalid', error })
})

test('a callback is asked first, may wait, and counts as 500 when it fails', async () => {
  const zap = new Zap(() => undefined)
  const seen: unknown[] = []
  zap.use(candidate => {
    seen.push(candidate)
    return { status: 200, userId: 'anne', metadata: { Hello: 'World' } }
  })
  const verdict = zap.ask(REQUEST, WHO)
  expect(seen).toEqual([{ ...WHO, ...REQUEST }])
  expect(verdict).toEqual({
    is: 'reply',
    status: 200,
    userId: 'anne',
    metadata: new Map([['Hello', Buffer.from('World')]]),
  })

  zap.use(async () => ({ status: 400, text: 'no' }))
  expect(await zap.ask(REQUEST, WHO)).toEqual({ is: 'reply', status: 400, text: 'no' })
  zap.use(() => {
    throw new Error('bug')
  })
  expect(zap.ask(REQUEST, WHO)).toMatchObject({ is: 'reply', status: 500 })
  zap.use(() => Promise.reject(new Error('bug')))
  expect(await zap.ask(REQUEST, WHO)).toMatchObject({ is: 'reply', status: 500 })
  zap.use(() => ({ status: 7 }) as unknown as Admission)
  expect(zap.ask(REQUEST, WHO)).toMatchObject({ is: 'invalid', error: 'ZAP_INVALID_STATUS_CODE' })
})

test('without a callback whoever listens is asked, each question over a line that is closed after it', async () => {
  const sent: string[][] = []
  let closed = 0
  const line: ZapLine = {
    send: async frames => void sent.push(frames.map(String)),
    receive: async () => reply('', '1.0', '1', '200', 'OK', 'anne', ''),
    close: () => void closed++,
  }
  const zap = new Zap(() => line)

  const verdict = await zap.ask(REQUEST, WHO)

  expect(verdict).toMatchObject({ status: 200, userId: 'anne' })
  expect(sent).toEqual([['', '1.0', '1', 'd', '1.2.3.4', 'id', 'PLAIN', 'user', 'pass']])
  expect(closed).toBe(1)
})

test('where nobody listens the handler is absent', () => {
  expect(new Zap(() => undefined).ask(REQUEST, WHO)).toEqual({ is: 'absent' })
})

test('who cannot be asked about stays out', async () => {
  const full = (): never => {
    throw new Error('too many sockets')
  }
  const deaf: ZapLine = { send: () => Promise.reject(new Error('closed')), receive: async () => [], close: () => {} }

  expect(new Zap(full).ask(REQUEST, WHO)).toMatchObject({ is: 'reply', status: 500 })
  expect(await new Zap(() => deaf).ask(REQUEST, WHO)).toMatchObject({ is: 'reply', status: 500 })
})
