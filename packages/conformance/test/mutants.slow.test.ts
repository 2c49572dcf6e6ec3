import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from '@millrace/conformance'
import { examineMutants, mutants } from '@millrace/conformance/mutants'
import type { Verdict } from '@millrace/conformance/mutants'
import { memory } from 'millrace/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verdictsAsMarkdown } from '../src/mutants/table.ts'

const page = fileURLToPath(new URL('../../../docs/conformance-mutants.md', import.meta.url))

describe('every mutant fails the cases that name its fault, and no other', () => {
  const verdicts = new Map<string, Verdict>()

  beforeAll(async () => {
    for (const verdict of await examineMutants(mutants)) verdicts.set(verdict.mutant.name, verdict)
  }, 600_000)

  afterAll(() => {
    const text = verdictsAsMarkdown([...verdicts.values()])
    console.log(text)
    writeFileSync(page, text)
  })

  for (const mutant of mutants)
    test(mutant.name, () => {
      const failed = verdicts.get(mutant.name)?.failed ?? []

      expect(failed.toSorted()).toEqual(mutant.killedBy.map(one => one.title).toSorted())
    })
})

test('every case is named by a mutant, but those that need a link to cut or foreign bytes', () => {
  const named = new Set(mutants.flatMap(mutant => mutant.killedBy.map(one => one.title)))
  const able = { order: 'publish-first', restart: false, foreign: false, hold: true } as const
  const { capabilities } = memory()

  const unnamed = suite.filter(one => !named.has(one.title))

  for (const one of unnamed) expect(one.needs(capabilities, able), one.title).toMatch(/no (restart|foreign) was given/)
})

test('every mutant has a name of its own', () => {
  expect(new Set(mutants.map(mutant => mutant.name)).size).toBe(mutants.length)
})
