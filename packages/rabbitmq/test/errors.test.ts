import { MillraceError } from 'millrace/adapter'
import { expect, test } from 'vitest'
import { ours, publishing } from '../src/errors.ts'

function reply(code: number, text: string): Error {
  return Object.assign(new Error(text), { code })
}

test.each([
  [reply(403, 'ACCESS_REFUSED - write access denied'), 'AUTH'],
  [new Error('Handshake terminated by server: 403 (ACCESS-REFUSED) with message "Login was refused"'), 'AUTH'],
  [new Error('Handshake terminated by server: 530 (NOT-ALLOWED) with message "vhost not found"'), 'AUTH'],
  [reply(405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q'"), 'TOPOLOGY_MISMATCH'],
  [reply(406, "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q'"), 'TOPOLOGY_MISMATCH'],
  [reply(406, 'PRECONDITION_FAILED - message size 20 is larger than configured max size 10'), 'TOO_LARGE'],
  [reply(406, 'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out.'), 'DISCONNECTED'],
  [reply(404, "NOT_FOUND - no queue 'q' in vhost '/'"), 'TOPOLOGY_MISMATCH'],
  [reply(404, "NOT_FOUND - queue 'q' in vhost '/' process not alive"), 'DISCONNECTED'],
  [
    reply(406, "PRECONDITION_FAILED - queue 'q' in vhost '/' does not have a replica on the local node"),
    'DISCONNECTED',
  ],
  // What a server says that has started, while its streams are still being opened (4.0.5).
  [
    reply(406, "PRECONDITION_FAILED - stream queue 's' in vhost '/' does not have a running replica on the local node"),
    'DISCONNECTED',
  ],
  [
    reply(406, "PRECONDITION_FAILED - stream queue 's' in vhost '/' does not have a running local replica"),
    'DISCONNECTED',
  ],
  [
    reply(404, "NOT_FOUND - home node 'rabbit@a' of durable queue 'q' in vhost '/' is down or inaccessible"),
    'DISCONNECTED',
  ],
  [
    reply(
      404,
      "NOT_FOUND - failed to perform operation on queue 'q' in vhost '/': its leader <0.1.0> may be stopping or being demoted",
    ),
    'DISCONNECTED',
  ],
  [reply(404, "NOT_FOUND - no queue 'millrace:g:session.timeout' in vhost '/'"), 'TOPOLOGY_MISMATCH'],
  [reply(406, "PRECONDITION_FAILED - inequivalent arg 'x-consumer-timeout' for queue 'q'"), 'TOPOLOGY_MISMATCH'],
  [reply(320, 'CONNECTION_FORCED - broker forced connection closure'), 'DISCONNECTED'],
  [Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5672'), { code: 'ECONNREFUSED' }), 'DISCONNECTED'],
  [
    new RangeError('Encoded field table (headers or arguments) exceeds the 65536 byte encoding buffer'),
    'INVALID_METADATA',
  ],
  ['a string', 'DISCONNECTED'],
])('%s is %s', (thrown, code) => {
  expect(ours(thrown, 'subscribe').code).toBe(code)
})

test('one of ours stays as it is', () => {
  const error = new MillraceError('CLOSED', 'closed')

  expect(ours(error, 'subscribe')).toBe(error)
})

test('a missing exchange is a missing route for what is published', () => {
  expect(publishing(reply(404, "NOT_FOUND - no exchange 'orders'"), 'orders').code).toBe('NO_ROUTE')
})
