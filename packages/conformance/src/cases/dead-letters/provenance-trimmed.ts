import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { redelivers } from '../../needs.ts'
import { graveyard } from './graveyard.ts'

/** All of a dead letter's provenance, in bytes. */
const LIMIT = 4096

export const provenanceTrimmed: Case = {
  title: "a dead letter's history is trimmed to 4 KiB, however long the error",
  needs: redelivers,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const dead = await graveyard(kit, `${topic}.${group.group}.dead`)
    const error = new Error('ü'.repeat(50_000))
    error.stack = `Error: long\n${'    at ü\n'.repeat(10_000)}`

    const subscription = await kit.filled(topic, simple(1), group)
    ;(await next(kit, subscription)).reject({ error })
    const buried = await next(kit, dead)
    buried.ack()

    const own = Object.entries(buried.message.metadata).filter(([key]) => key.startsWith('millrace-dead-'))
    const bytes = own.reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(value), 0)
    assert.ok(bytes <= LIMIT, `${bytes} bytes of provenance`)
    assert.ok(
      own.every(([, value]) => value.isWellFormed() && !value.includes('\uFFFD')),
      'no character was cut in two',
    )
    assert.match(buried.message.metadata['millrace-dead-error'] ?? '', /^Error: ü/)
  },
}
