import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import * as ours from '../../src/index.ts'

const native = createRequire(import.meta.url)('zeromq') as typeof ours

async function codeOf(zmq: typeof ours, address: string, how: 'bind' | 'bindSync'): Promise<unknown> {
  const socket = new zmq.Pull()
  try {
    await socket[how](address)
    return 'bound'
  } catch (error) {
    return (error as { code?: unknown }).code
  } finally {
    socket.close()
  }
}

test.each([
  ['an address that is not of this machine', 'tcp://192.0.2.1:*', 'EADDRNOTAVAIL'],
  ['IPv6 while the option is off', 'tcp://[::1]:*', 'ENODEV'],
  ['an interface that is not there', 'tcp://nosuch9:*', 'ENODEV'],
  ['a path in a folder that is not there', 'ipc:///no/such/folder/at/all', 'ENOENT'],
  ['a path that is a folder', 'ipc:///tmp', 'EADDRINUSE'],
  ['a name of inproc of 256 octets', `inproc://${'n'.repeat(256)}`, 'bound'],
])('binding to %s ends as with the zeromq package', async (_what, address, code) => {
  expect(await codeOf(native, address, 'bind')).toBe(code)
  expect(await codeOf(ours, address, 'bind')).toBe(code)
  expect(await codeOf(ours, address, 'bindSync')).toBe(code)
})
