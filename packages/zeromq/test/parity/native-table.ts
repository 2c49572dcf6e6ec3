// A process of its own for the native package: some of these operations crash it now and then.
import { createRequire } from 'node:module'
import { table } from './operations.ts'

const native = createRequire(import.meta.url)('zeromq') as Parameters<typeof table>[0]
process.send?.([...(await table(native))], undefined, {}, () => process.exit())
