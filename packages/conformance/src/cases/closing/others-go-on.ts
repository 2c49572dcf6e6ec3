import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const othersGoOn: Case = {
  title: 'closing one subscription leaves the others, and the broker, at work',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const sent = simple(3)

    const going = await kit.filled(kit.topic(), [], kit.group())
    const staying = await kit.filled(topic, [], kit.group())
    await going.close()
    await kit.publish(topic, sent)

    sameIds(await read(kit, staying, 3), sent)
  },
}
