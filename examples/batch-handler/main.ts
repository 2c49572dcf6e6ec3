// Readings are stored by the hundred, or after 50 ms. One of them is rejected by itself: the others are not held up.
import { message, Router, silent, text } from 'millrace'
import { memory } from 'millrace/memory'

const broker = memory()
const router = new Router({ logger: silent })
const stored: number[] = []
const all = Promise.withResolvers<void>()

router.batch(
  'store',
  { subscriber: broker, topic: 'readings', batch: { size: 100, within: 50 } },
  (readings, { deliveries }) => {
    const values = readings.map(reading => Number(text(reading)))
    for (const [index, value] of values.entries())
      if (Number.isNaN(value)) deliveries[index]?.reject({ reason: 'not a number' })
    const good = values.filter(value => !Number.isNaN(value))
    stored.push(...good)
    console.log(`a batch of ${readings.length}, ${good.length} stored`)
    if (stored.length === 249) all.resolve()
  },
)

const run = router.run()
await router.running
const dead = await broker.subscribe('readings.store.dead')
await broker.publish(
  'readings',
  Array.from({ length: 250 }, (_, index) => message(index === 7 ? 'a sparrow on the line' : String(index))),
)
await all.promise
const letter = await dead.receive()
letter.ack()
console.log(`sum ${stored.reduce((sum, value) => sum + value, 0)}; dead: ${text(letter.message)}`)

await router.close()
await run
await broker.close()
