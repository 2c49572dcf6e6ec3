import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { nothing } from '../../needs.ts'

export const subscribeOptionsChecked: Case = {
  title: 'a subscribe or batch option outside its bounds is BAD_OPTION',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const topic = kit.topic()
    const group = kit.group()

    await throwsCode('BAD_OPTION', () => broker.subscribe(topic, { ...group, prefetch: 0 }))
    await throwsCode('BAD_OPTION', () => broker.subscribe(topic, { ...group, prefetch: 1.5 }))
    await throwsCode('BAD_OPTION', () => broker.subscribe(topic, { ...group, prefetch: 100_001 }))
    await throwsCode('BAD_OPTION', () => broker.subscribe(topic, { ...group, maxDeliveries: 0 }))
    await throwsCode('BAD_OPTION', () => broker.subscribe(topic, { ...group, backoff: { base: -1 } }))
    await throwsCode('BAD_OPTION', () => broker.subscribe([], group))
    const subscription = await kit.subscribe(broker, topic, group)
    await throwsCode('BAD_OPTION', () => subscription.batches({ size: 0 }))
    await throwsCode('BAD_OPTION', () => subscription.batches({ size: 1, within: -1 }))
  },
}
