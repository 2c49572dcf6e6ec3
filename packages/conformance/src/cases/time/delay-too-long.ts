import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { all, publishDelay } from '../../needs.ts'

export const delayTooLong: Case = {
  title: 'a longer delay than the broker keeps is DELAY_TOO_LONG, never clipped',
  needs: all(
    publishDelay,
    c => (c.publishDelay !== false && Number.isFinite(c.publishDelay.max)) || 'a message may be delayed for ever',
  ),
  async run(kit) {
    const { publishDelay } = kit.capabilities
    if (publishDelay === false) return // needs has seen to it
    const broker = await kit.broker()
    const over = publishDelay.max + 60_000

    await throwsCode('DELAY_TOO_LONG', () => broker.publish(kit.topic(), message('x'), { delay: over }))
    const moment = new Date(Date.now() + over)
    if (!Number.isNaN(moment.getTime()))
      await throwsCode('DELAY_TOO_LONG', () => broker.publish(kit.topic(), message('x'), { delay: moment }))
  },
}
