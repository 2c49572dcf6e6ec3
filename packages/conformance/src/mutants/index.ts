import { closing } from './closing.ts'
import { connection } from './connection.ts'
import { deadLetters } from './dead-letters.ts'
import { messages } from './messages.ts'
import type { Mutant } from './mutant.ts'
import { names } from './names.ts'
import { operation } from './operation.ts'
import { publishing } from './publishing.ts'
import { reading } from './reading.ts'
import { settling } from './settling.ts'
import { sharing } from './sharing.ts'

export { examineMutants } from './examine-mutants.ts'
export type { Verdict } from './examine-mutants.ts'
export type { Mutant } from './mutant.ts'

/** Brokers that each break one promise. A suite that passes one of them does not test that promise. */
export const mutants: readonly Mutant[] = [
  ...publishing,
  ...messages,
  ...names,
  ...settling,
  ...deadLetters,
  ...reading,
  ...sharing,
  ...closing,
  ...operation,
  ...connection,
]
