import { message, pattern, text } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { read, silent } from '../../kit/reading.ts'
import { patterns } from '../../needs.ts'
import assert from 'node:assert/strict'

export const patternOneLevel: Case = {
  title: 'a * in a pattern stands for exactly one level, in the middle and at the end',
  needs: patterns,
  async run(kit) {
    const stem = kit.topic()
    const broker = await kit.broker()
    const [direct, shallow, deep, other] = ['a.created', 'created', 'a.b.created', 'a.deleted'].map(one => message(one))

    const middle = await kit.subscribe(broker, pattern(`${stem}.*.created`), kit.group())
    const end = await kit.subscribe(broker, pattern(`${stem}.a.*`), kit.group())
    for (const one of [direct!, shallow!, deep!, other!]) {
      // Nobody listens to some of them, which is well for a topic that was declared.
      await kit.declare(`${stem}.${text(one)}`, undefined)
      await kit.publish(`${stem}.${text(one)}`, one)
    }

    const got = await read(kit, middle, 1)
    sameIds(got, [direct!])
    assert.equal(got[0]?.topic, `${stem}.a.created`, 'the concrete topic')
    sameIds(await read(kit, end, 2), [direct!, other!])
    await silent(kit, middle)
    await silent(kit, end, 1)
  },
}
