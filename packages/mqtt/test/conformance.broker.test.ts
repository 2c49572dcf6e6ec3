import { fileURLToPath } from 'node:url'
import { conformance } from '@millrace/conformance'
import { start } from '@millrace/harness'
import { afterAll, describe, test } from 'vitest'
import { mqtt } from '../src/index.ts'

const mode = process.env['MILLRACE_FULL'] ? 'full' : 'short'
const report = (name: string): string => fileURLToPath(new URL(`../../../.cache/reports/${name}`, import.meta.url))
const server = await start('mosquitto', { fresh: true })
afterAll(() => server.stop())

for (const version of ['5', '3.1.1'] as const)
  describe(`MQTT ${version} keeps the contract for those that subscribe first`, () => {
    conformance({
      name: version === '5' ? 'mqtt' : 'mqtt-3.1.1',
      server: server.version,
      open: () => mqtt({ url: server.url, version }),
      restart: () => server.restart({ signal: 'SIGTERM' }),
      test,
      mode,
      order: 'subscribe-first',
      report: report(version === '5' ? 'mqtt' : 'mqtt-3.1.1'),
    })
  })
