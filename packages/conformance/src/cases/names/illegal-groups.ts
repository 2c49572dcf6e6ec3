import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { groups } from '../../needs.ts'

const ILLEGAL = ['', '.', 'a..b', 'a b', 'a/b', '*', 'grün', 'x'.repeat(41)]

export const illegalGroups: Case = {
  title: 'a group that is no legal name is INVALID_TOPIC',
  needs: groups,
  async run(kit) {
    const broker = await kit.broker()
    for (const group of ILLEGAL) {
      await throwsCode('INVALID_TOPIC', () => broker.subscribe(kit.topic(), { group }))
      await throwsCode('INVALID_TOPIC', () => broker.declare(kit.topic(), { group }))
    }
  },
}
