import { fileURLToPath } from 'node:url'
import { connect } from 'amqplib'
import { conformance } from '@millrace/conformance'
import { heldLink, start } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { afterAll, describe, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'
import type { RabbitOptions } from '../src/index.ts'

type Options = Omit<RabbitOptions, 'url' | 'client'>

const mode = process.env['MILLRACE_FULL'] ? 'full' : 'short'
const report = (name: string): string => fileURLToPath(new URL(`../../../.cache/reports/${name}`, import.meta.url))

/**
 * Runs the suite on a server of that version, with those options. A file for each, so that they run side by side.
 */
export async function keepsTheContract(version: string, what = 'quorum queues', options: Options = {}): Promise<void> {
  const server = await start('rabbitmq', { version, fresh: true })
  afterAll(() => server.stop())
  const name = what === 'quorum queues' ? 'rabbitmq' : `rabbitmq, ${what}`
  describe(`${what} on RabbitMQ ${server.version} keep the contract`, () => {
    conformance({
      name,
      server: server.version,
      open: () => rabbitmq({ url: server.url, ...options }),
      hold: () => heldLink(server, url => rabbitmq({ url, ...options })),
      restart: () => killed(server),
      // Whatever bytes and headers there are, they are a message.
      foreign: (topic, what) => (what === 'corrupt' ? Promise.resolve(false as const) : foreign(server.url, topic)),
      test,
      mode,
      report: report(`${name.replace(/\W+/g, '-')}-${server.version}`),
    })
  })
}

/**
 * Kills the server and starts it again. A quorum queue that is younger than a second would not survive that, whoever
 * made it: the server notes a new one's name on its disk now and then. Here it is told to do so before.
 */
async function killed(server: RunningServer): Promise<void> {
  await server.control('eval', '[dets:sync(Table) || Table <- dets:all()].')
  await server.restart({ signal: 'SIGKILL' })
}

/** As another program publishes: no headers at all. */
async function foreign(url: string, topic: string): Promise<void> {
  const client = await connect(url)
  const channel = await client.createConfirmChannel()
  channel.publish('millrace', topic, Buffer.from('foreign'))
  await channel.waitForConfirms()
  await client.close()
}
