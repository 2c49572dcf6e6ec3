import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { nothing } from '../../needs.ts'

export const publishOptionsChecked: Case = {
  title: 'a publish option outside its bounds is BAD_OPTION',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const topic = kit.topic()
    const { capabilities } = kit

    await throwsCode('BAD_OPTION', () => broker.publish(topic, message('x'), { timeout: -1 }))
    if (capabilities.publishDelay) {
      await throwsCode('BAD_OPTION', () => broker.publish(topic, message('x'), { delay: -1 }))
      await throwsCode('BAD_OPTION', () => broker.publish(topic, message('x'), { delay: new Date(NaN) }))
    }
    if (capabilities.ttl) await throwsCode('BAD_OPTION', () => broker.publish(topic, message('x'), { ttl: -1 }))
    if (capabilities.priority > 1)
      await throwsCode('BAD_OPTION', () => broker.publish(topic, message('x'), { priority: capabilities.priority }))
  },
}
