import { expect, test } from 'vitest'
import { connect } from '../src/connect.ts'
import { message } from '../src/index.ts'
import { memory } from '../src/memory/index.ts'

test('memory: is a broker in this process', async () => {
  await using broker = await connect('memory:')

  await broker.publish('t', message('x'))

  expect(broker.name).toBe('memory')
})

test('options come in the query', async () => {
  await using broker = await connect('memory:?capacity=1&whenFull=refuse')
  await broker.declare('t', { group: 'g' })

  await expect(broker.publish('t', [message('a'), message('b')])).rejects.toMatchObject({ code: 'PUBLISH_FAILED' })
})

test.each(['memory:', 'memory://', 'MEMORY:?capacity=1', 'memory://?capacity=1'])('%s is a broker', async url => {
  await using broker = await connect(url)

  expect(broker.name).toBe('memory')
})

// Two who name the same would expect the same broker.
test.each(['memory:orders', 'memory://orders', 'memory:///?capacity=1'])('%s, with a name, is refused', async url => {
  await expect(connect(url)).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining('no name') })
})

test.each(['memory:?capacity=many', 'memory:?whenFull=maybe', 'memory:?colour=red', 'gopher://host', 'no scheme', ''])(
  "'%s' is a bad option",
  async url => {
    await expect(connect(url)).rejects.toMatchObject({ code: 'BAD_OPTION' })
  },
)

test.each([{ optoins: {} }, { clientId: 'me' }, { signal: 5 }, null])('options %j are BAD_OPTION', async options => {
  await expect(connect('memory:', options as never)).rejects.toMatchObject({ code: 'BAD_OPTION' })
})

test('a package that is not installed is named, and the credentials are not', async () => {
  const connecting = connect('sqs://user:secret@host')

  await expect(connecting).rejects.toMatchObject({
    code: 'NOT_INSTALLED',
    message: expect.stringContaining('npm install @millrace/sqs') as string,
  })
  await expect(connecting).rejects.not.toThrow(/secret/)
})

test('a package that is only planned is said to be', async () => {
  await expect(connect('redis://host')).rejects.toMatchObject({
    message: expect.stringMatching(/npm install @millrace\/redis, once it is there/) as string,
  })
})

test('the schemes that are listed are those of packages that are there', async () => {
  const { message: text } = (await connect('gopher://host').catch((error: unknown) => error)) as Error

  expect(text).toMatch(/there are memory, amqp, amqps, kafka,/)
  expect(text).not.toMatch(/redis|sqlite|sqs/)
})

test.each([undefined, null, 5, new URL('memory:')])('%s for a URL is a bad option', async url => {
  await expect(connect(url as never)).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringMatching('is a string, not') as string,
  })
})

test('adapters can be passed in, and get the URL and the options', async () => {
  const seen: unknown[] = []
  const broker = await connect('sqs://host/?a=1', {
    adapters: { sqs: options => (seen.push(options), memory()) },
    options: { region: 'x' },
  })

  expect(seen).toEqual([{ url: 'sqs://host/?a=1', region: 'x' }])
  await broker.close()
})
