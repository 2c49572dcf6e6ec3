/** What cases assert about messages and errors. */
import assert from 'node:assert/strict'
import type { Delivery, ErrorCode, Message } from 'millrace'
import { isMillraceError } from 'millrace'

/** Watermill's AssertAllMessagesReceived: none missing, none extra, whatever the order. */
export function sameIds(received: readonly (Delivery | Message)[], sent: readonly Message[]): void {
  const got = received.map(one => ('message' in one ? one.message.id : one.id)).sort()
  const want = sent.map(one => one.id).sort()
  const missing = want.filter(id => !got.includes(id))
  const extra = got.filter(id => !want.includes(id))
  assert.equal(missing.length, 0, `${missing.length} of ${want.length} messages are missing: ${some(missing)}`)
  assert.equal(extra.length, 0, `${extra.length} messages came that were not sent: ${some(extra)}`)
  assert.equal(got.length, want.length, 'the same number of messages')
}

/** The ids in the order in which they came. */
export function ids(received: readonly (Delivery | Message)[]): string[] {
  return received.map(one => ('message' in one ? one.message.id : one.id))
}

/** Asserts that it throws, or rejects, with the code. */
export async function throwsCode(code: ErrorCode | readonly ErrorCode[], work: () => unknown): Promise<void> {
  const codes = typeof code === 'string' ? [code] : code
  let result: unknown
  try {
    result = await work()
  } catch (error) {
    const found = isMillraceError(error) ? error.code : `no MillraceError: ${String(error)}`
    assert.ok(isMillraceError(error) && codes.includes(error.code), `expected ${codes.join(' or ')}, got ${found}`)
    return
  }
  assert.fail(`expected ${codes.join(' or ')}, but it gave ${String(result)}`)
}

function some(list: readonly string[]): string {
  return list.slice(0, 5).join(', ') + (list.length > 5 ? ', …' : '')
}
