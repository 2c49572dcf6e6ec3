import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const usedAfterClose: Case = {
  title: 'a broker that is closed answers everything with CLOSED',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const subscription = await kit.filled(kit.topic(), [], kit.group())
    const waiting = subscription.receive()
    waiting.catch(() => undefined) // awaited below

    await within(broker.close(), kit.patience, 'close()')

    await throwsCode('CLOSED', () => within(waiting, kit.patience, 'a wait to end with the close'))
    await throwsCode('CLOSED', () => subscription.receive())
    await throwsCode('CLOSED', () => broker.publish(kit.topic(), message('x')))
    await throwsCode('CLOSED', () => broker.subscribe(kit.topic(), kit.group()))
    await throwsCode('CLOSED', () => broker.declare(kit.topic()))
    await throwsCode('CLOSED', () => broker.open())
  },
}
