import assert from 'node:assert/strict'
import { pattern } from 'millrace'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { all, patterns, redelivers } from '../../needs.ts'
import { graveyard } from './graveyard.ts'

export const deadUnderPattern: Case = {
  title: "under a pattern a dead letter goes to the concrete topic's own dead-letter topic",
  needs: all(redelivers, patterns),
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const dead = await graveyard(kit, `${topic}.a.${group.group}.dead`)
    const [sent] = simple(1)

    const subscription = await kit.subscribe(await kit.broker(), pattern(`${topic}.*`), group)
    await kit.publish(`${topic}.a`, sent!)
    ;(await next(kit, subscription)).reject()
    const buried = await next(kit, dead)
    buried.ack()

    assert.equal(buried.message.id, sent!.id)
    assert.equal(buried.message.metadata['millrace-dead-topic'], `${topic}.a`)
  },
}
