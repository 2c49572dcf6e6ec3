import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { nothing } from '../../needs.ts'

const ILLEGAL = [
  '',
  '.',
  '.a',
  'a.',
  'a..b',
  'a b',
  'a/b',
  'a*',
  '*',
  '**',
  'a.#',
  'grün',
  'a\0b',
  'a\nb',
  'x'.repeat(81),
]

export const illegalTopics: Case = {
  title: 'a topic that is no legal name is INVALID_TOPIC wherever it is used',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    for (const name of ILLEGAL) {
      await throwsCode('INVALID_TOPIC', () => broker.publish(name, message('x')))
      await throwsCode('INVALID_TOPIC', () => broker.subscribe(name, kit.group()))
      await throwsCode('INVALID_TOPIC', () => broker.declare(name))
    }
  },
}
