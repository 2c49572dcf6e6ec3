import { message, pattern, text } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { read, silent } from '../../kit/reading.ts'
import { patterns } from '../../needs.ts'

export const patternManyLevels: Case = {
  title: 'a ** at the end of a pattern stands for any number of levels, none included',
  needs: patterns,
  async run(kit) {
    const stem = kit.topic()
    const broker = await kit.broker()
    const inside = ['', '.a', '.a.b', '.a.b.c'].map(one => message(stem + one))
    const outside = message(`${stem}x.a`)

    const subscription = await kit.subscribe(broker, pattern(`${stem}.**`), kit.group())
    for (const one of [outside, ...inside]) {
      await kit.declare(text(one), undefined)
      await kit.publish(text(one), one)
    }

    sameIds(await read(kit, subscription, inside.length), inside)
    await silent(kit, subscription)
  },
}
