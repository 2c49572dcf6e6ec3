// Values instead of bytes: checked by a schema on both sides. An old message is brought up to date, a wrong one is
// dead-lettered before any handler sees it, and a wrong value never leaves.
import { isMillraceError, message, provenance, publisher, Router, silent, text, topic } from 'millrace'
import { memory } from 'millrace/memory'
import { z } from 'zod'

const Orders = topic('orders', {
  schema: z.object({ customer: z.string(), cents: z.int().positive() }),
  key: order => order.customer,
  version: 2,
  // Version 1 counted in euros.
  upcast: {
    1: old => {
      const { euros, ...rest } = old as { euros: number }
      return { ...rest, cents: euros * 100 }
    },
  },
})

const broker = memory()
const router = new Router({ logger: silent })
router.handle('print', { subscriber: broker, topic: Orders }, ({ customer, cents }, { delivery }) => {
  console.log(`${customer} pays ${cents} cents (key ${delivery.message.key})`)
})
const run = router.run()
await router.running
const dead = await broker.subscribe('orders.print.dead')

await publisher(broker, Orders).publish({ customer: 'ada', cents: 250 })
await broker.publish('orders', message('{"customer":"bob","euros":3}', { key: 'bob' }))
await broker.publish('orders', message('not even JSON'))

const letter = await dead.receive()
const history = provenance(letter.message)
console.log(`dead after ${history?.attempts} attempt: ${text(letter.message)}`)
letter.ack()

try {
  await publisher(broker, Orders).publish({ customer: 'eve', cents: -1 })
} catch (error) {
  if (isMillraceError(error)) console.log(`refused: ${error.code}`)
}

await router.close()
await run
await broker.close()
