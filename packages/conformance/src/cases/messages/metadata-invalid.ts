import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { nothing } from '../../needs.ts'

const INVALID: readonly (readonly [why: string, metadata: Record<string, unknown>])[] = [
  ['an empty key', { '': 'x' }],
  ['a space in the key', { 'a b': 'x' }],
  ['a key that is not ASCII', { grün: 'x' }],
  ['a key of 129 characters', { ['x'.repeat(129)]: 'x' }],
  ['a reserved key', { 'millrace-id': 'x' }],
  ['a reserved key in capitals', { 'Millrace-Own': 'x' }],
  ['two keys that differ in case only', { Color: 'x', color: 'y' }],
  ['U+0000 in a value', { a: 'x\0y' }],
  ['half a surrogate pair in a value', { a: '\uD800' }],
  ['a value that is no string', { a: 1 }],
  ['more than 8 KiB in all', { a: 'x'.repeat(8 * 1024) }],
]

export const metadataChecked: Case = {
  title: 'metadata outside its domain is INVALID_METADATA at publish, also in a message made by hand',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const topic = kit.topic()

    for (const [why, metadata] of INVALID) {
      const byHand = { ...message('x'), metadata: metadata as Record<string, string> }
      await throwsCode('INVALID_METADATA', () => broker.publish(topic, byHand)).catch(error => {
        throw new Error(`${why}: ${String(error)}`, { cause: error })
      })
    }
  },
}
