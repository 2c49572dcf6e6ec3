import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { take } from '../../kit/reading.ts'
import { until, within } from '../../kit/waiting.ts'
import { hold } from '../../needs.ts'

const TIMEOUT = 500
/** What a server has for its last words where the close gives less, and two seconds for a busy machine. */
const LONGEST = 5_000 + 2_000

export const closedOverSilence: Case = {
  title: 'a close over a link that went silent ends when its time is over, and leaves no connection',
  alone: true,
  needs: hold,
  async run(kit) {
    const { link, broker } = await kit.held()
    const [topic, group] = [kit.topic(), kit.group()]

    link.release()
    const subscription = await kit.subscribe(broker, topic, group)
    await within(broker.publish(topic, simple(2)), kit.patience, 'publish()')
    const [first] = await take(kit, subscription, 2)
    link.hold()
    first?.ack()
    const start = performance.now()
    await within(broker.close({ timeout: TIMEOUT }), LONGEST + kit.patience, 'close()')
    const took = performance.now() - start
    link.release()
    await until(() => link.connections === 0, kit.patience, 'the end of every connection')

    assert.ok(took <= LONGEST, `it took ${Math.round(took)} ms, and was to take ${TIMEOUT}`)
  },
}
