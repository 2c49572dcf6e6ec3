// Eight accounts at a time, the moves of each in their order, also when one fails and is tried again: its account
// waits for it, the others pass.
import { setTimeout as sleep } from 'node:timers/promises'
import { message, Router, silent, text } from 'millrace'
import { memory } from 'millrace/memory'

const broker = memory()
const router = new Router({ logger: silent })
const moves = new Map<string, string[]>()
const all = Promise.withResolvers<void>()
let done = 0
let busy = 0
let most = 0

router.handle(
  'book',
  {
    subscriber: broker,
    topic: 'moves',
    concurrency: 8,
    orderBy: ({ message }) => message.key,
    redeliver: { attempts: 5, backoff: { base: 5, max: 20 } },
  },
  async (move, { delivery }) => {
    most = Math.max(most, ++busy)
    await sleep(Number(text(move)) % 3)
    busy--
    if (move.key === 'account-0' && text(move) === '2' && delivery.attempt < 3) throw new Error('the ledger is locked')
    const account = moves.get(move.key ?? '') ?? []
    moves.set(move.key ?? '', account)
    account.push(text(move))
    if (++done === 48) all.resolve()
  },
)

const run = router.run()
await router.running
await broker.publish(
  'moves',
  Array.from({ length: 48 }, (_, index) => message(String(Math.floor(index / 8)), { key: `account-${index % 8}` })),
)
await all.promise
await router.close()
await run
await broker.close()

for (const account of [...moves.keys()].toSorted()) console.log(`${account}: ${moves.get(account)?.join(' ')}`)
console.log(`at the same time: ${most}`)
