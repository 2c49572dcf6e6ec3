import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { redelivers } from '../../needs.ts'
import { graveyard } from './graveyard.ts'

export const namedDeadLetters: Case = {
  title: 'a dead-letter topic that is named takes the dead letters',
  needs: redelivers,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const named = kit.topic()
    const dead = await graveyard(kit, named)
    const unused = await graveyard(kit, `${topic}.${group.group}.dead`)
    const [sent] = simple(1)

    const subscription = await kit.filled(topic, [sent!], { ...group, deadLetter: named })
    ;(await next(kit, subscription)).reject()
    const buried = await next(kit, dead)
    buried.ack()

    assert.equal(buried.message.id, sent!.id)
    await silent(kit, unused)
  },
}
