import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, take } from '../../kit/reading.ts'
import { redelivers } from '../../needs.ts'

export const takesOver: Case = {
  title: 'when one consumer of a group goes, the others get what it had not settled',
  needs: redelivers,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const sent = simple(6)

    const going = await kit.filled(topic, sent, group)
    await take(kit, going, 6)
    const staying = await kit.subscribe(await kit.another(), topic, group)
    await going.close({ timeout: 0 })

    sameIds(await read(kit, staying, 6), sent)
  },
}
