import { fileURLToPath } from 'node:url'
import { conformance } from '@millrace/conformance'
import { heldLink, start } from '@millrace/harness'
import { connectAsync } from 'mqtt'
import { afterAll, describe, test } from 'vitest'
import { mqtt } from '../src/index.ts'

const mode = process.env['MILLRACE_FULL'] ? 'full' : 'short'
const report = (name: string): string => fileURLToPath(new URL(`../../../.cache/reports/${name}`, import.meta.url))
// MQTT 3.1.1 has no word for the window: the server's own limit (20) would stand in the way of cases that hold more.
const config = ['max_inflight_messages 0']
const servers = {
  '5': await start('mosquitto', { fresh: true }),
  '3.1.1': await start('mosquitto', { fresh: true, config }),
}
afterAll(() => Promise.all([servers['5'].stop(), servers['3.1.1'].stop()]))

/** As another program publishes: no properties at all. */
async function foreign(url: string, topic: string): Promise<void> {
  const client = await connectAsync(url)
  await client.publishAsync(`millrace/t/${topic.replaceAll('.', '/')}`, 'foreign', { qos: 1 })
  await client.endAsync()
}

for (const version of ['5', '3.1.1'] as const)
  describe(`MQTT ${version} keeps the contract`, () => {
    const server = servers[version]
    conformance({
      name: version === '5' ? 'mqtt' : 'mqtt-3.1.1',
      server: `${server.version}, restarted by SIGTERM`,
      open: () => mqtt({ url: server.url, version }),
      hold: () => heldLink(server, url => mqtt({ url, version })),
      // Mosquitto writes its store when it ends: SIGKILL would lose it.
      restart: () => server.restart({ signal: 'SIGTERM' }),
      // Whatever bytes and properties there are, they are a message.
      foreign: (topic, what) => (what === 'corrupt' ? Promise.resolve(false as const) : foreign(server.url, topic)),
      test,
      mode,
      report: report(version === '5' ? 'mqtt' : 'mqtt-3.1.1'),
    })
  })
