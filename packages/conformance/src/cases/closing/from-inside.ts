import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const closesFromInside: Case = {
  title: 'a handler may close its own subscription, and the broker, while it holds a message',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const one = await kit.filled(kit.topic(), simple(3), kit.group())
    const other = await kit.filled(kit.topic(), simple(3), kit.group())

    const handle = async (): Promise<void> => {
      for await (const delivery of one) {
        await one.close({ timeout: 1 })
        delivery.ack()
      }
      for await (const delivery of other) {
        const closing = broker.close()
        delivery.ack()
        await closing
      }
    }

    await within(handle(), kit.patience, 'handlers that close what they stand on to end')
  },
}
